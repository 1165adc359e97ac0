"""Somebody else's server with a registered address, and what it must have heard at the end."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

from tests.chaos.tables import Tables
from tests.notifications.receiver import Receiver, receiver
from tests.stack import Stack

SLUG = "hansang"
# Of two contexts. An address hears one message after the other: what it wants must fit through on a busy
# machine, or the recovery that is measured is the length of its queue.
TOPICS = {"orders": ["order.submitted", "order.canceled"], "payments": ["refund.completed"]}
_REGISTER = """
from notifications.webhooks.services import register_address
from stores.models import Store
store = Store.objects.get(slug={slug!r})
register_address(store_id=store.pk, url={url!r}, topics={topics!r})
"""
_FACTS = "SELECT id::text, stream, seq FROM events_event WHERE source = %s AND topic = ANY(%s)"
_MESSAGES = "SELECT event_id::text, state FROM notifications_webhookmessage ORDER BY id"
_ADDRESS = "SELECT state, state_reason FROM notifications_webhookaddress WHERE state <> 'active'"


@contextmanager
def registered(stack: Stack) -> Iterator[Receiver]:
    """A receiver on this machine, and the address under which the demo store tells it."""
    topics = [topic for each in TOPICS.values() for topic in each]
    with receiver() as told:
        script = _REGISTER.format(slug=SLUG, url=told.url, topics=topics)
        stack.manage("shell", "--no-imports", "-c", script)
        yield told


def first_heard(told: Receiver) -> list[str]:
    """The facts in the order in which each was heard for the first time."""
    return list(dict.fromkeys(json.loads(call.body)["id"] for call in list(told.calls)))


def unheard(tables: Tables, told: Receiver) -> list[str]:
    """Facts that the address wanted and never heard of."""
    heard = set(first_heard(told))
    facts = [fact for source in TOPICS for fact, _, _ in _facts(tables, source)]
    return [f"a webhook of {fact}" for fact in facts if fact not in heard]


def unsent(tables: Tables) -> list[str]:
    """Messages that the house does not hold for delivered, or an address that was paused."""
    messages = tables.rows("notifications", _MESSAGES)
    return [f"the message of {fact} is {state}" for fact, state in messages if state != "sent"] + [
        f"an address is {row}" for row in tables.rows("notifications", _ADDRESS)
    ]


def disorder(tables: Tables, told: Receiver) -> list[str]:
    """What was heard before what stood before it: in the address's own order, and in a stream's."""
    heard = first_heard(told)
    sent = [row[0] for row in tables.rows("notifications", _MESSAGES)]
    found = [
        f"webhook {ours} came as {theirs}"
        for ours, theirs in zip(sent, heard, strict=False)
        if ours != theirs
    ]
    place = {fact: number for number, fact in enumerate(heard)}
    for source in TOPICS:
        last: dict[str, int] = {}
        for fact, stream, _ in sorted(_facts(tables, source), key=lambda row: (row[1], row[2])):
            if place.get(fact, 0) < last.get(stream, -1):
                found.append(f"webhook of {fact} overtook another one of {stream}")
            last[stream] = place.get(fact, 0)
    return found[:20]


def _facts(tables: Tables, source: str) -> list[tuple[str, str, int]]:
    return tables.rows(source, _FACTS, source, TOPICS[source])  # type: ignore[return-value]
