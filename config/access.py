"""Who may call which API view. Views only say it: `access`, and for staff `roles`.

Contexts cannot import this module; Django REST framework reads it from the settings. A view that says nothing
is refused to everybody.

    access = "public"   anybody
    access = "guest"    a phone that joined the tab behind the URL's token
    access = "staff"    a member of the URL's store whose role is in `roles` (default: every role)
"""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware
from django.utils.translation import gettext as _
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from config.identity import GuestIdentity

SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
ALL_ROLES = frozenset({"owner", "manager", "floor", "kitchen"})


class _CsrfCheck(CsrfViewMiddleware):
    def _reject(self, request: Any, reason: str) -> str:
        return reason


def _nothing(request: HttpRequest) -> HttpResponse:
    """Stands for the view, which the check never calls."""
    return HttpResponse()


_csrf_check = _CsrfCheck(_nothing)


def enforce_csrf(request: Request) -> None:
    """Refuses a write without Django's CSRF token or from a foreign origin.

    The middleware has read the cookie already; it let the request pass because DRF's views are exempt.
    """
    if _csrf_check.process_view(request._request, _nothing, (), {}):
        raise PermissionDenied(_("This page has grown old: please load it again"))


class GuestAuthentication(BaseAuthentication):
    """The signed guest cookie, only on views for guests; its writes need the CSRF token like anybody's."""

    def authenticate(self, request: Request) -> tuple[GuestIdentity, None] | None:
        view = request.parser_context["view"]
        if getattr(view, "access", None) != "guest":
            return None
        guest: GuestIdentity | None = request._request.guest  # type: ignore[attr-defined]
        if guest is None:
            return None
        if request.method not in SAFE_METHODS:
            enforce_csrf(request)
        return guest, None

    def authenticate_header(self, request: Request) -> str:
        return 'Guest realm="table"'


class StaffAuthentication(SessionAuthentication):
    """The Django session, only on views for staff."""

    def authenticate(self, request: Request) -> Any:
        view = request.parser_context["view"]
        if getattr(view, "access", None) != "staff":
            return None
        return super().authenticate(request)

    def enforce_csrf(self, request: Request) -> None:
        enforce_csrf(request)

    def authenticate_header(self, request: Request) -> str:
        return 'Session realm="staff"'


class AccessPolicy(BasePermission):
    """Reads `access` and `roles` of the view; for staff the URL's `store_id` must be one of theirs."""

    def has_permission(self, request: Request, view: Any) -> bool:
        access = getattr(view, "access", None)
        if access == "public":
            return True
        if access == "guest":
            return self._is_guest_of(request, view)
        return access == "staff" and self._is_staff_of(request, view)

    def _is_guest_of(self, request: Request, view: Any) -> bool:
        guest = request.user
        if not isinstance(guest, GuestIdentity):
            return False
        token = view.kwargs.get("token")
        return token is None or token == guest.token

    def _is_staff_of(self, request: Request, view: Any) -> bool:
        memberships = request._request.memberships  # type: ignore[attr-defined]
        membership = memberships.get(view.kwargs.get("store_id"))
        if membership is None:
            return False
        request.membership = membership  # type: ignore[attr-defined]
        return membership.role in getattr(view, "roles", ALL_ROLES)
