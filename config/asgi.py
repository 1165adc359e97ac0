"""The live process: sockets only, served by uvicorn. All other HTTP belongs to `config.wsgi`."""

import os
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django

django.setup()

from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.urls import re_path  # noqa: E402

from config.live_access import guarded  # noqa: E402
from notifications.routing import websocket_urlpatterns  # noqa: E402


async def nothing_here(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Answers HTTP with an empty 404; `/healthz` with 200, so that a supervisor sees the process is up."""
    status = 200 if scope["path"] == "/healthz" else 404
    headers = [(b"content-length", b"0")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


async def unknown_socket(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Refuses a socket on a path that is none of ours."""
    await send({"type": "websocket.close", "code": 4404})


routes = [*websocket_urlpatterns, re_path("", unknown_socket)]  # type: ignore[arg-type]
application = ProtocolTypeRouter({"http": nothing_here, "websocket": guarded(URLRouter(routes))})
