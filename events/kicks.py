"""Wakes the workers. A kick carries nothing but a name: losing one costs half a second, never an event."""

from functools import partial

from events.kernel.kicker import submit

# A kick that waits this long is not noticed; a worker drains everything that came meanwhile at once.
SPACING = 0.05


def kick_lane(lane: str) -> None:
    """Rings the queue of a context, or one beside it: something is due."""
    submit(("drain", lane), partial(_send, "events.drain", {"context": lane}, lane), spacing=SPACING)


def kick_relay(alias: str) -> None:
    """Rings the relay: an outbox has something to ship."""
    submit(("relay", alias), partial(_send, "events.ship", {"alias": alias}, "relay"), spacing=SPACING)


def _send(task: str, arguments: dict[str, str], queue: str) -> None:
    from celery import current_app

    current_app.send_task(
        task,
        kwargs=arguments,
        queue=queue,
        ignore_result=True,
        expires=30,
        retry=True,
        retry_policy={"max_retries": 0, "interval_start": 0, "interval_step": 0, "interval_max": 0},
    )
