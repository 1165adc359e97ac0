"""Bells that ring once until somebody hears them: Redis knows which one rings, by its own clock.

A message of Celery that expires is judged by the clock of whoever reads it: a worker a minute ahead would
drop them all. So none expires; instead, a second one is not sent while the first one waits.
"""

from functools import lru_cache

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

# What no worker takes must not fill Redis: behind so many messages another one tells nothing new.
ENOUGH = 1000


def may_ring(bell: str, *, queue: str, seconds: int, enough: int = ENOUGH) -> bool:
    """True: nobody's ring waits in the queue, or it is `seconds` old and perhaps lost; send yours.

    Never True while `enough` messages wait there. Raises redis.RedisError.
    """
    with _redis().pipeline(transaction=False) as pipe:
        pipe.llen(queue)
        pipe.set(_key(bell), 1, nx=True, ex=seconds)
        waiting, is_first = pipe.execute()
    return bool(is_first) and waiting < enough


def heard(bell: str) -> None:
    """Whoever rings from now on must be heard again. Call it before looking at the tables."""
    try:
        _redis().delete(_key(bell))
    except redis.RedisError:
        return  # it may ring again soon anyway


def bell_of_timer(task: str) -> str:
    """Rings while a tick of this timer waits."""
    return f"tick:{task}"


def _key(bell: str) -> str:
    return f"hs:bell:{bell}"


@lru_cache(maxsize=1)
def _redis() -> redis.Redis:
    # No retry: a ring that waits is worth nothing.
    return redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1, retry=Retry(NoBackoff(), 0)
    )
