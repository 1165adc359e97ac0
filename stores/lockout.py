"""Too many wrong passwords close the door for a while. Counted in the database: no outage opens it."""

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from stores.errors import TooManyAttempts
from stores.models import LoginFailure

WINDOW = timedelta(minutes=15)
# One person at one place; a name tried from everywhere; one place trying many names.
LIMIT_PAIR, LIMIT_NAME, LIMIT_ADDRESS = 5, 30, 100


def require_unlocked(username: str, address: str | None) -> None:
    """Raises TooManyAttempts while a name or a place had too many failures. One query."""
    name = normal(username)
    rows = LoginFailure.objects.filter(Q(username=name) | Q(address=address), at__gt=timezone.now() - WINDOW)
    failures = list(rows.values_list("username", "address")[: LIMIT_ADDRESS + LIMIT_NAME])
    by_name = [row for row in failures if row[0] == name]
    by_pair = [row for row in by_name if row[1] == address]
    by_address = [row for row in failures if row[1] == address and address is not None]
    if len(by_pair) >= LIMIT_PAIR or len(by_name) >= LIMIT_NAME or len(by_address) >= LIMIT_ADDRESS:
        raise TooManyAttempts(minutes=int(WINDOW.total_seconds() // 60))


def record_failure(username: str, address: str | None) -> None:
    """Counts a wrong password and forgets those that count no more."""
    LoginFailure.objects.filter(at__lt=timezone.now() - WINDOW).delete()
    LoginFailure.objects.create(username=normal(username), address=address)


def forget_failures(username: str, address: str | None) -> None:
    """The right password at a place clears that person's failures there."""
    LoginFailure.objects.filter(username=normal(username), address=address).delete()


def normal(username: str) -> str:
    return username.strip().lower().replace("\x00", "")[:150]
