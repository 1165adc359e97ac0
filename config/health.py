"""Is it alive, is it ready: for load balancers, containers and people."""

import redis
from django.conf import settings
from django.db import DatabaseError, connections
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from events.kernel.databases import all_aliases
from events.queue_health import backlog, oldest_age, paused_handlers


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """200 while the process can answer at all; it asks nobody else."""
    return HttpResponse("ok", content_type="text/plain")


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """{"status": "ready" | "degraded" | "unavailable", "database", "redis", "oldest_event_age" (seconds),
    "paused_handlers" (how many)}.

    503 only without a database. Without Redis everything works, a second slower: that is "degraded", and so
    is a handler that somebody paused.
    """
    try:
        age = _ask_databases()
    except DatabaseError:
        return JsonResponse({"status": "unavailable", "database": False}, status=503)
    has_redis, paused = _redis_answers(), paused_handlers(all_aliases())
    return JsonResponse(
        {
            "status": "ready" if has_redis and not paused else "degraded",
            "database": True,
            "redis": has_redis,
            "oldest_event_age": round(age, 3),
            "paused_handlers": len(paused),
        }
    )


def _ask_databases() -> float:
    for alias in settings.DATABASES:
        with connections[alias].cursor() as cursor:
            cursor.execute("SELECT 1")
    return oldest_age(backlog(all_aliases()))


def _redis_answers() -> bool:
    client = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=0.5, socket_connect_timeout=0.5)
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
    finally:
        client.close()
