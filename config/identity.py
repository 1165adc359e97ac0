"""Who is calling: a guest's phone (signed cookie) or a member of staff (session)."""

import time
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.http import HttpRequest

GUEST_SALT = "hansang.guest"


@dataclass(frozen=True)
class GuestIdentity:
    """What the guest cookie says. `token` is the table code the phone scanned."""

    guest_id: UUID
    tab_id: UUID
    store_id: UUID
    token: str

    is_authenticated = True
    is_staff = False

    @property
    def pk(self) -> UUID:  # DRF throttles ask for it
        return self.guest_id


@dataclass(frozen=True)
class Membership:
    """A person's role in one store: owner, manager, floor or kitchen."""

    store_id: UUID
    store_slug: str
    store_name: str
    role: str


def read_guest_cookie(value: str | None) -> GuestIdentity | None:
    """The guest behind a cookie's value; None when it is absent, forged or too old."""
    if not value:
        return None
    try:
        guest, signed_at = _open_cookie(value)
    except (signing.BadSignature, KeyError, ValueError):
        return None
    return guest if time.time() - signed_at <= settings.GUEST_COOKIE_AGE else None


@lru_cache(maxsize=4096)
def _open_cookie(value: str) -> tuple[GuestIdentity, int]:
    """The identity and when it was signed (seconds); remembered, as a phone shows its cookie all evening."""
    data: dict[str, Any] = signing.loads(value, salt=GUEST_SALT)
    guest = GuestIdentity(UUID(data["guest"]), UUID(data["tab"]), UUID(data["store"]), data["token"])
    return guest, signing.b62_decode(value.split(":")[1])


def guest_of(request: HttpRequest) -> GuestIdentity | None:
    return read_guest_cookie(request.COOKIES.get(settings.GUEST_COOKIE_NAME))


def memberships_of(user: Any) -> dict[UUID, Membership]:
    """store id -> the user's active membership there; a platform admin is an owner everywhere."""
    from stores.selectors import memberships_of_user

    if not user.is_authenticated:
        return {}
    return {
        row.store_id: Membership(row.store_id, row.store_slug, row.store_name, row.role)
        for row in memberships_of_user(user)
    }
