"""Rate limits counted in Redis; without Redis nobody is locked out."""

from typing import Any

from django.conf import settings
from django.core.cache import caches
from rest_framework.request import Request
from rest_framework.throttling import ScopedRateThrottle

ALSO_FOR_READS = frozenset({"staff", "unknown_token"})


class ScopedThrottle(ScopedRateThrottle):
    """The view's `throttle_scope`, or `read` / `write` by method; counted per guest, person or address."""

    cache = caches["shared"]

    def allow_request(self, request: Request, view: Any) -> bool:
        reads = request.method in {"GET", "HEAD", "OPTIONS"}
        scope = getattr(view, "throttle_scope", None)
        limits_writes_only = reads and scope not in ALSO_FOR_READS
        self.scope = ("read" if reads else "write") if scope is None or limits_writes_only else scope
        self.rate = self.get_rate()
        self.num_requests, self.duration = self.parse_rate(self.rate)
        self.num_requests *= settings.THROTTLE_FACTOR
        return super(ScopedRateThrottle, self).allow_request(request, view)
