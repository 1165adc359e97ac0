"""Beat's schedule, with at most one tick of a timer waiting for a worker."""

from typing import Any

import redis
from celery.beat import PersistentScheduler

from events.bells import ENOUGH, bell_of_timer, may_ring


class TimerScheduler(PersistentScheduler):
    """Sends a tick unless the last one waits; one that was lost costs a period more."""

    def apply_async(self, entry: Any, producer: Any = None, advance: bool = True, **kwargs: Any) -> Any:
        if _may_tick(entry):
            return super().apply_async(entry, producer=producer, advance=advance, **kwargs)
        if advance:
            self.reserve(entry)
        return None


def _may_tick(entry: Any) -> bool:
    period = entry.schedule.run_every.total_seconds()
    try:
        # More than kicks ever are: a queue that is merely busy keeps no timer out.
        return may_ring(
            bell_of_timer(entry.task),
            queue=entry.options["queue"],
            seconds=int(2 * period),
            enough=10 * ENOUGH,
        )
    except redis.RedisError:
        return True  # the sending fails in its turn, and beat says why
