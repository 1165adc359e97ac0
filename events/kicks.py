"""Wakes the workers. A kick carries nothing but a name: losing one costs a second, never an event."""

from functools import partial

from events.bells import may_ring
from events.kernel.kicker import submit

# A kick that waits this long is not noticed; a worker drains everything that came meanwhile at once.
SPACING = 0.05
# One that nobody heard for so long may be lost with its worker. The sweeper looks then, too.
LOST_SECONDS = 1


def kick_lane(lane: str) -> None:
    """Rings the queue of a context, or one beside it: something is due."""
    submit(("drain", lane), partial(_ring, "events.drain", {"context": lane}, lane), spacing=SPACING)


def kick_relay(alias: str) -> None:
    """Rings the relay: an outbox has something to ship."""
    submit(("relay", alias), partial(_ring, "events.ship", {"alias": alias}, "relay"), spacing=SPACING)


def bell_of(task: str, what: str) -> str:
    """The bell that rings for this lane or database."""
    return f"{task}:{what}"


def _ring(task: str, arguments: dict[str, str], queue: str) -> None:
    (what,) = arguments.values()
    if may_ring(bell_of(task, what), queue=queue, seconds=LOST_SECONDS):
        _send(task, arguments, queue)


def _send(task: str, arguments: dict[str, str], queue: str) -> None:
    from celery import current_app

    current_app.send_task(
        task,
        kwargs=arguments,
        queue=queue,
        ignore_result=True,
        retry=True,
        retry_policy={"max_retries": 0, "interval_start": 0, "interval_step": 0, "interval_max": 0},
    )
