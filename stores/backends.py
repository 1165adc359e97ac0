"""Checks passwords at every door, and locks it after repeated failures."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.validators import validate_ipv46_address
from django.http import HttpRequest

from stores import lockout
from stores.errors import TooManyAttempts
from stores.models import User


class GuardedBackend(ModelBackend):
    """Django's password check behind the lockout. A locked door answers like a wrong password."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> User | None:
        if not username or password is None or "\x00" in username:
            return None
        address = address_of(request)
        try:
            lockout.require_unlocked(username, address)
        except TooManyAttempts as error:
            raise PermissionDenied(str(error)) from None
        user = super().authenticate(request, username=username, password=password, **kwargs)
        if user is None:
            lockout.record_failure(username, address)
        else:
            lockout.forget_failures(username, address)
        return user


def address_of(request: HttpRequest | None) -> str | None:
    """The caller's address; None for a socket without one or a call without a request."""
    address = request.META.get("REMOTE_ADDR", "") if request is not None else ""
    try:
        validate_ipv46_address(address)
    except ValidationError:
        return None
    return str(address)
