"""Who may open a socket: pages of our own host, and the caller that the cookies name."""

from collections.abc import Awaitable, Callable
from functools import partial
from importlib import import_module
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from channels.db import database_sync_to_async
from channels.security.websocket import WebsocketDenier
from channels.sessions import CookieMiddleware
from django.conf import settings
from django.contrib.auth import get_user
from django.http.request import split_domain_port, validate_host

from config.identity import Membership, memberships_of, read_guest_cookie

Application = Callable[[dict[str, Any], Any, Any], Awaitable[None]]


class OwnOrigin:
    """Refuses (403) sockets that no page of ours opened: another host's Origin, or none at all.

    The port may differ: the embedded run serves pages and sockets on two ports of one host.
    """

    def __init__(self, application: Application) -> None:
        self.application = application

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        headers = {name: value.decode("latin1") for name, value in scope["headers"]}
        if is_own_origin(headers.get(b"origin", ""), headers.get(b"host", "")):
            await self.application(scope, receive, send)
        else:
            await WebsocketDenier()(scope, receive, send)


def is_own_origin(origin: str, host: str) -> bool:
    """Whether the page at `origin` is ours: on PUBLIC_URL's host, or on the allowed host that was called."""
    try:
        page = urlsplit(origin)
        name = page.hostname or ""
    except ValueError:
        return False
    if page.scheme not in ({"https"} if settings.SECURE else {"http", "https"}) or not name:
        return False
    if name == urlsplit(settings.PUBLIC_URL).hostname:
        return True
    called = split_domain_port(host)[0].strip("[]")
    return name == called and validate_host(name, settings.ALLOWED_HOSTS)


class Identity:
    """Adds the caller to the scope.

    `guest`: the GuestIdentity of the signed cookie, or None. `read_memberships`: asks the database each time;
    {store id: Membership}, or None when nobody is signed in.
    """

    def __init__(self, application: Application) -> None:
        self.application = application

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        cookies = scope["cookies"]
        caller = {
            "guest": read_guest_cookie(cookies.get(settings.GUEST_COOKIE_NAME)),
            "read_memberships": partial(_read_memberships, cookies.get(settings.SESSION_COOKIE_NAME)),
        }
        await self.application({**scope, **caller}, receive, send)


@database_sync_to_async
def _read_memberships(session_key: str | None) -> dict[UUID, Membership] | None:
    if not session_key:
        return None
    sessions = import_module(settings.SESSION_ENGINE)
    user = get_user(SimpleNamespace(session=sessions.SessionStore(session_key)))  # type: ignore[arg-type]
    return memberships_of(user) if user.is_authenticated else None


def guarded(application: Application) -> Application:
    """The application behind the checks of origin and caller."""
    return OwnOrigin(CookieMiddleware(Identity(application)))
