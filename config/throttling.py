"""Rate limits counted in the process and shared through Redis, so that no request waits for it.

Without Redis each process still counts for itself.
"""

import threading
import time
from functools import lru_cache
from typing import Any

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

from events.kernel.kicker import submit

ALSO_FOR_READS = frozenset({"staff", "unknown_token"})
_SPACING = 0.05  # seconds between two visits to Redis; so much later another process's count is known
_MAX_KNOWN = 10_000

_known: dict[str, int] = {}  # window -> requests counted anywhere, as of the last visit, and here since
_unsent: dict[str, tuple[int, int]] = {}  # window -> (requests not told to Redis yet, the window's seconds)
_lock = threading.Lock()


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


def _count(key: str, seconds: int) -> int:
    """Counts one request and returns the window's count as far as this process knows it."""
    with _lock:
        if len(_known) > _MAX_KNOWN:  # most belong to windows that are over; Redis knows the others
            _known.clear()
            _unsent.clear()
        _known[key] = known = _known.get(key, 0) + 1
        unsent, _ = _unsent.get(key, (0, 0))
        _unsent[key] = unsent + 1, seconds
    submit("rates", _share, spacing=_SPACING)
    return known


def _share() -> None:
    """Adds what was counted here to the shared counts, and learns what other processes counted."""
    with _lock:
        sent = dict(_unsent)
        _unsent.clear()
    with _redis().pipeline(transaction=False) as pipe:
        for key, (count, seconds) in sent.items():
            pipe.incrby(key, count)
            pipe.expire(key, seconds, nx=True)
        totals = pipe.execute()[::2]
    with _lock:
        for key, total in zip(sent, totals, strict=True):
            _known[key] = total + _unsent.get(key, (0, 0))[0]


def forget_all() -> None:
    """Empties this process's counts (tests)."""
    with _lock:
        _known.clear()
        _unsent.clear()


@lru_cache(maxsize=1)
def _redis() -> redis.Redis:
    # No retry: the doorbell's other jobs wait behind it.
    return redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=0.5, socket_connect_timeout=0.5, retry=Retry(NoBackoff(), 0)
    )
