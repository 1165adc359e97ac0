"""Rate limits counted in Redis, one round trip each; without Redis nobody is locked out."""

import time
from functools import lru_cache
from typing import Any

import redis
from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

ALSO_FOR_READS = frozenset({"staff", "unknown_token"})
_PAUSE_SECONDS = 2.0  # after a failure nobody waits for an absent Redis again and again

# Counts, and starts the window with the first count: one script, so that no counter lives for ever.
_COUNT = """
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
return count
"""


class ScopedThrottle(SimpleRateThrottle):
    """The view's `throttle_scope`, or `read` / `write` by method; counted per guest, person or address.

    Windows are fixed: a limit of 20 a minute starts anew with each minute of the clock.
    """

    def __init__(self) -> None:
        """The rate depends on the view, so it is read with each request."""

    def allow_request(self, request: Request, view: Any) -> bool:
        reads = request.method in {"GET", "HEAD", "OPTIONS"}
        scope = getattr(view, "throttle_scope", None)
        limits_writes_only = reads and scope not in ALSO_FOR_READS
        self.scope = ("read" if reads else "write") if scope is None or limits_writes_only else scope
        limit, duration = self.parse_rate(self.get_rate())
        if limit is None or duration is None:
            return True
        self.duration: int = duration
        return _count(self._key(request), self.duration) <= limit * settings.THROTTLE_FACTOR

    def wait(self) -> float:
        """Seconds to the next window."""
        return self.duration - time.time() % self.duration

    def _key(self, request: Request) -> str:
        user = request.user
        who = user.pk if user and user.is_authenticated else self.get_ident(request)
        return f"hs:rate:{self.scope}:{who}:{int(time.time() // self.duration)}"


class _Pause:
    until = 0.0


def _count(key: str, seconds: int) -> int:
    if time.monotonic() < _Pause.until:
        return 0
    try:
        return int(_script()(keys=[key], args=[seconds]))
    except redis.RedisError:
        _Pause.until = time.monotonic() + _PAUSE_SECONDS
        return 0


@lru_cache(maxsize=1)
def _script() -> Any:
    client = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=0.5, socket_connect_timeout=0.5)
    return client.register_script(_COUNT)
