"""The guest's cookie: names the phone, its tab and its code; signed, and nothing a person is known by."""

from django.conf import settings
from django.core import signing
from django.http import HttpResponseBase

from orders.models import Guest

# The salt with which config.identity reads it.
_SALT = "hansang.guest"


def set_guest_cookie(response: HttpResponseBase, guest: Guest, token: str) -> None:
    """Lets the phone act for its tab through this code."""
    value = signing.dumps(
        {
            "guest": str(guest.pk),
            "tab": str(guest.tab_id),
            "store": str(guest.tab.store_id),
            "token": token,
        },
        salt=_SALT,
    )
    response.set_cookie(
        settings.GUEST_COOKIE_NAME,
        value,
        max_age=settings.GUEST_COOKIE_AGE,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
