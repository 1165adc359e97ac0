"""Hints to open pages: "something changed, look again". A lost hint costs a moment, never a fact."""

from functools import lru_cache
from typing import Any

import redis
from channels.layers import get_channel_layer
from django.conf import settings

from events.kernel.databases import on_commit
from events.kernel.kicker import submit


def hint(context: str, group: str, data: dict[str, Any]) -> None:
    """After the context's commit, tells the sockets in `group` (`tab.<id>`, `store.<id>`).

    Sockets receive {"type": "hint", "data": data}. Equal hints waiting together are sent once.
    """
    key = ("hint", group, repr(sorted(data.items())))
    on_commit(context, lambda: submit(key, lambda: _send(group, data)))


def _send(group: str, data: dict[str, Any]) -> None:
    # A plain PUBLISH: `async_to_sync(group_send)` opens a Redis connection per call (3 ms instead of 0.04).
    layer = get_channel_layer()
    assert layer is not None
    channel = f"{layer.prefix}__group__{group}"
    _redis().publish(channel, layer.serialize({"type": "hint", "data": data}))


@lru_cache(maxsize=1)
def _redis() -> "redis.Redis[bytes]":
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1)
