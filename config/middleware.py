"""Adds the caller's identity to the request and the security headers to the response."""

from collections.abc import Callable

from django.conf import settings
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.locale import LocaleMiddleware
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.functional import SimpleLazyObject

from config.identity import guest_of, memberships_of

# Answers about persons: a shared computer or a careless proxy must not keep them.
PERSONAL = ("/api/", "/staff/", "/t/", "/pay/")
# Here a person is known by the guest cookie alone.
GUESTS = ("/t/", "/pay/", "/api/v1/t/")

GetResponse = Callable[[HttpRequest], HttpResponse]


class _NotForGuests:
    """A phone has no session: its requests pass by what keeps one."""

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info.startswith(GUESTS):
            return self.get_response(request)  # type: ignore[attr-defined]
        return super().__call__(request)  # type: ignore[misc]


class StaffSessionMiddleware(_NotForGuests, SessionMiddleware):
    """Django's sessions, outside the guests' pages."""


class StaffUserMiddleware(_NotForGuests, AuthenticationMiddleware):
    """`request.user`, outside the guests' pages."""


class StaffMessageMiddleware(_NotForGuests, MessageMiddleware):
    """The admin's messages, outside the guests' pages."""


class LanguageMiddleware(LocaleMiddleware):
    """The reader's language, by cookie or browser; without Django's look for a language in the address."""

    def process_request(self, request: HttpRequest) -> None:
        request.LANGUAGE_CODE = translation.get_language_from_request(request)
        translation.activate(request.LANGUAGE_CODE)

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        patch_vary_headers(response, ("Accept-Language",))
        response.headers.setdefault("Content-Language", translation.get_language() or settings.LANGUAGE_CODE)
        return response


class IdentityMiddleware:
    """`request.guest` (or None) and `request.memberships` {store id: Membership}, read when first used."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.guest = guest_of(request)  # type: ignore[attr-defined]
        request.memberships = SimpleLazyObject(lambda: memberships_of(request.user))  # type: ignore[attr-defined]
        return self.get_response(request)


class SecurityHeadersMiddleware:
    """A strict policy without inline code for guests and staff; the admin's theme needs its own."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        is_admin = request.path.startswith("/admin/")
        response.headers.setdefault(
            "Content-Security-Policy", admin_policy() if is_admin else strict_policy()
        )
        if request.path.startswith(PERSONAL):
            response.headers.setdefault("Cache-Control", "private, no-store")
        response.headers.setdefault(
            "Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=(self)"
        )
        return response


def live_origins() -> str:
    """Where sockets may connect: the page's own origin, and the live process's port in the embedded run."""
    return f"'self' ws://*:{settings.PORT + 1}" if not settings.LIVE_URL else f"'self' {settings.LIVE_URL}"


def strict_policy() -> str:
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        f"connect-src {live_origins()}; manifest-src 'self'; worker-src 'self'; media-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )


def admin_policy() -> str:
    return (
        "default-src 'self'; script-src 'self' 'unsafe-eval' 'unsafe-inline'; "
        "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; "
        "frame-ancestors 'none'; form-action 'self'"
    )
