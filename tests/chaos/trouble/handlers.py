"""Facts of the chaos run and their handlers. Every effect is a row; what is done twice is there twice.

A mood is a file `<folder>/<mood>.<n>`: the next run of the moody handler takes one and acts it out, after its
effect and before its end. So exactly as many runs fail as files were laid, whichever process they are in.
"""

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from django.db import connections

from events.base import DomainEvent, Envelope, GiveUp
from events.kernel.databases import alias_of
from events.outbox import publish
from events.registry import subscribe
from orders.events import OrderPlaced
from tests.chaos.trouble.names import MOODY, SLOW_SECONDS, STEPS, WITNESS


@dataclass(frozen=True, kw_only=True)
class Stepped(DomainEvent):
    """An order took one of its steps through the chaos run."""

    topic = "trouble.stepped"
    stream_key = "trouble:{order_id}"

    order_id: UUID
    number: int

    @classmethod
    def source(cls) -> str:
        return "orders"


def leave_trace(handler: str, envelope: Envelope) -> None:
    """One effect, in the transaction of the handler's own database."""
    with connections[alias_of(handler.partition(".")[0])].cursor() as cursor:
        cursor.execute(
            "INSERT INTO trouble_effect (handler, event_id, stream, seq) VALUES (%s, %s, %s, %s)",
            [handler, envelope.event_id, envelope.stream, envelope.seq],
        )


@subscribe(OrderPlaced, name="orders.trouble_step")
def step(event: OrderPlaced, envelope: Envelope) -> None:
    for number in range(STEPS):
        publish(Stepped(store_id=event.store_id, order_id=event.order_id, number=number))


@subscribe(Stepped, name=WITNESS)
def witness(event: Stepped, envelope: Envelope) -> None:
    leave_trace(WITNESS, envelope)


@subscribe(Stepped, name=MOODY)
def moody(event: Stepped, envelope: Envelope) -> None:
    leave_trace(MOODY, envelope)
    match _mood():
        case "hang":
            time.sleep(3600)
        case "raise":
            raise RuntimeError("the moody handler raised")
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case "slow":
            time.sleep(SLOW_SECONDS)
        case "give_up":
            raise GiveUp("the moody handler gave up")


def _mood() -> str:
    """Takes one of the files; of two that try, one gets it."""
    for path in Path(os.environ["CHAOS_FOLDER"]).glob("*.[0-9]*"):
        try:
            path.unlink()
        except FileNotFoundError:
            continue
        return path.stem
    return ""


def subscribe_apprentice(name: str) -> None:
    """The handler whose name changes between two releases; "" is a release without it."""

    def apprentice(event: Stepped, envelope: Envelope) -> None:
        leave_trace(name, envelope)

    if name:
        subscribe(Stepped, name=name)(apprentice)
