"""A fact and its handler, as small as they can be: what is left is the queue itself."""

import time
from dataclasses import dataclass

from bench.baseline.models import BareOutbox
from events.base import DomainEvent, Envelope
from events.registry import subscribe


@dataclass(frozen=True, kw_only=True)
class Counted(DomainEvent):
    """Something happened, `number` says which."""

    topic = "bench.counted"
    stream_key = "bench:{number}"

    number: int


@subscribe(Counted, name="orders.bench_write")
def write(event: Counted, envelope: Envelope) -> None:
    """One row, with the moment at which the handler began."""
    BareOutbox.objects.create(topic="done", payload={"number": event.number, "at": time.monotonic()})
