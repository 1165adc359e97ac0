"""The judgment at the end: what the tables say about every order, every payment, every alarm, every delivery.

No query joins two contexts, so the same proof holds with one database and with one per context.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from tests.chaos import outside, paper
from tests.chaos.guests import Diary
from tests.chaos.tables import Row, Tables
from tests.flows.truth import IMBALANCES
from tests.notifications.printer import FakePrinter
from tests.notifications.receiver import Receiver

ENDED = ("served", "canceled", "rejected", "expired")
# What a step of an order leaves behind, once: its fact, and its message to the guests.
STEPS = {
    "order.submitted": "order_submitted",
    "order.accepted": "order_accepted",
    "order.ready": "order_ready",
    "order.served": "order_served",
    "order.rejected": "order_rejected",
    "order.canceled": "order_canceled",
    "order.expired": "order_expired",
}
OF_SERVED = ("order.submitted", "order.accepted", "order.ready", "order.served")
CALMING = {"canceled": "order.canceled", "rejected": "order.rejected", "expired": "order.expired"}

_ORDERS = """
SELECT o.id::text, o.status, o.total, o.submitted_at IS NOT NULL,
       (SELECT count(*) FROM orders_orderline l WHERE l.order_id = o.id) FROM orders_order o
"""
_FACTS = """
SELECT payload->>'order_id', topic, count(*) FROM events_event
WHERE source = 'orders' AND topic LIKE 'order.%' GROUP BY 1, 2
"""
# Refused in the house's name, and how long the kitchen had: a wrong clock somewhere must not cut it short.
_UNANSWERED = """
SELECT r.payload->>'order_id', r.occurred_at - s.occurred_at FROM events_event r
JOIN events_event s ON s.stream = r.stream AND s.topic = 'order.submitted'
WHERE r.source = 'orders' AND r.topic = 'order.rejected' AND r.payload->>'reason_code' = 'no_answer'
"""
_PATIENCE = "SELECT min(auto_reject_minutes) * interval '1 minute' FROM stores_store"
_BILLS = "SELECT order_id::text, count(*) FROM payments_bill GROUP BY 1"
_MONEY = """
SELECT b.order_id::text, coalesce(sum(e.amount), 0)::bigint, count(e.id) FILTER (WHERE e.kind = 'capture')
FROM payments_bill b LEFT JOIN payments_ledgerentry e ON e.bill_id = b.id GROUP BY 1
"""
_MESSAGES = """
SELECT subject_id::text, kind, channel LIKE 'store:%', count(*) FROM notifications_notification
WHERE kind LIKE 'order%' GROUP BY 1, 2, 3
"""
_TOLD_TWICE = """
SELECT channel, kind, event_id FROM notifications_notification GROUP BY 1, 2, 3 HAVING count(*) > 1
"""
_GAPS = """
SELECT c.name, c.last_seq, count(n.id), min(n.seq), max(n.seq) FROM notifications_channel c
LEFT JOIN notifications_notification n ON n.channel = c.name GROUP BY 1, 2
HAVING count(n.id) <> c.last_seq OR (c.last_seq > 0 AND (min(n.seq) <> 1 OR max(n.seq) <> c.last_seq))
"""
_FOR_OTHERS = """
SELECT seq FROM notifications_notification WHERE channel LIKE 'store:%' AND audience NOT IN ('', 'owner')
"""
_UNFINISHED = """
SELECT handler, status, event_id, left(last_error, 200) FROM events_delivery WHERE status NOT IN (2, 5)
"""
_UNSHIPPED = "SELECT topic, id FROM events_event WHERE shipped_at IS NULL"
# Whoever listens to a topic has a delivery of each of its facts (the apprentice comes and goes on purpose).
_MISSING = """
WITH listening AS (
  SELECT DISTINCT e.topic, d.handler FROM events_delivery d JOIN events_event e ON e.id = d.event_id
  WHERE d.handler !~ 'apprentice|journeyman')
SELECT e.topic, l.handler, e.id FROM events_event e JOIN listening l USING (topic)
WHERE NOT EXISTS (SELECT 1 FROM events_delivery d WHERE d.event_id = e.id AND d.handler = l.handler)
"""
_STREAM_GAPS = """
SELECT stream, min(seq), max(seq), count(*) FROM events_event e WHERE source = ANY(%s) GROUP BY 1
HAVING min(seq) <> 1 OR max(seq) <> count(*)
"""
_DISORDER = """
SELECT handler, stream, seq FROM (
  SELECT handler, stream, seq, done_at, lag(done_at) OVER w AS before FROM events_delivery
  WHERE status = 2 AND replays = 0 AND stream IS NOT NULL
  WINDOW w AS (PARTITION BY handler, stream ORDER BY seq)
) d WHERE done_at <= before
"""
_EFFECTS_DISORDER = """
SELECT handler, stream, seq FROM (
  SELECT handler, stream, seq, id, lag(id) OVER (PARTITION BY handler, stream ORDER BY seq) AS before
  FROM trouble_effect) e WHERE id < before
"""
_EFFECTS_WRONG = """
SELECT d.handler, d.event_id, count(f.id) FROM events_delivery d
LEFT JOIN trouble_effect f ON f.handler = d.handler AND f.event_id = d.event_id
WHERE d.handler ~ 'trouble_(moody|witness|apprentice|journeyman)$' GROUP BY 1, 2, d.status
HAVING count(f.id) <> CASE d.status WHEN 2 THEN 1 ELSE 0 END
"""


@dataclass
class Findings:
    """What is wrong, in words. All four lists must be empty."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    out_of_order: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def once(self, what: str, count: int) -> None:
        """What must be there exactly once."""
        if count < 1:
            self.lost.append(what)
        elif count > 1:
            self.doubled.append(f"{what} ({count} times)")

    @property
    def all(self) -> list[str]:
        return [*self.lost, *self.doubled, *self.out_of_order, *self.wrong]


def imbalance(tables: Tables) -> str:
    """Which two books of money differ; "" when none do."""
    return next((what for what, query in IMBALANCES.items() if tables.rows("payments", query)), "")


def too_early(tables: Tables) -> list[str]:
    """Orders that the system refused before their kitchen had its time."""
    patience = tables.one("stores", _PATIENCE)
    return [
        f"order {order} was refused after {given}, unanswered"
        for order, given in tables.rows("orders", _UNANSWERED)
        if given < patience
    ]


def judge(
    tables: Tables, diary: Diary, boards: Iterable[Sequence[int]], told: Receiver, printer: FakePrinter
) -> Findings:
    """Everything that must be true when the last guest has gone."""
    found = Findings()
    orders = tables.rows("orders", _ORDERS)
    _orders(found, orders, diary)
    _facts(found, orders, Counter({row[:2]: row[2] for row in tables.rows("orders", _FACTS)}))
    found.lost += too_early(tables)
    _money(found, orders, tables)
    _messages(found, orders, tables)
    _paper(found, orders, tables, printer)
    _queue(found, tables)
    _effects(found, tables)
    others = {row[0] for row in tables.rows("notifications", _FOR_OTHERS)}
    for heard in boards:
        listen(found, heard, others)
    found.lost += [*outside.unheard(tables, told), *outside.unsent(tables)]
    found.out_of_order += outside.disorder(tables, told)
    found.doubled += [f"one key, two answers: {text}" for text in diary.disagreements]
    found.wrong += [f"an unclear failure: {text}" for text in diary.unclear]
    return found


def _orders(found: Findings, orders: list[Row], diary: Diary) -> None:
    kept = {row[0]: row for row in orders}
    found.lost += [f"order {order} was confirmed and is not there" for order in diary.orders.keys() - kept]
    found.doubled += [f"order {order} was never confirmed to anybody" for order in kept.keys() - diary.orders]
    for order, status, _, _, lines in orders:
        if lines != diary.orders.get(order, lines):
            found.wrong.append(f"order {order} has {lines} lines")
        if status not in ENDED:
            found.lost.append(f"order {order} is still {status}")


def _facts(found: Findings, orders: list[Row], facts: Counter[tuple[str, str]]) -> None:
    for order, status, _, submitted, _ in orders:
        expected = {"order.placed"} | ({"order.submitted"} if submitted else set())
        expected |= set(OF_SERVED) if status == "served" else {CALMING.get(status, "order.placed")}
        for topic in expected:
            found.once(f"{topic} of {order}", facts[order, topic])
        found.doubled += [
            f"{topic} of {order}" for topic in STEPS if topic not in expected and facts[order, topic] > 1
        ]


def _money(found: Findings, orders: list[Row], tables: Tables) -> None:
    bills = {row[0]: row[1] for row in tables.rows("payments", _BILLS)}
    money = {row[0]: row[1:] for row in tables.rows("payments", _MONEY)}
    for order, status, total, submitted, _ in orders:
        found.once(f"the bill of {order}", bills.get(order, 0))
        kept, captures = money.get(order, (0, 0))
        if submitted or captures:
            found.once(f"the payment of {order}", captures)
        if kept != (total if status == "served" else 0):
            found.wrong.append(f"order {order} is {status} over {total}, and {kept} was kept")
    if books := imbalance(tables):
        found.wrong.append(books)


def _messages(found: Findings, orders: list[Row], tables: Tables) -> None:
    told = Counter({row[:3]: row[3] for row in tables.rows("notifications", _MESSAGES)})
    facts = {row[:2] for row in tables.rows("orders", _FACTS)}
    for order, topic in facts:
        if kind := STEPS.get(topic):
            found.once(f"{kind} to the guests of {order}", told[order, kind, False])
    for order, _, _, submitted, _ in orders:
        if submitted:
            found.once(f"the alarm of {order}", told[order, "order_submitted", True])
    found.doubled += [f"told twice: {row}" for row in tables.rows("notifications", _TOLD_TWICE)]
    found.lost += [f"a gap in a channel: {row}" for row in tables.rows("notifications", _GAPS)]


def _paper(found: Findings, orders: list[Row], tables: Tables, printer: FakePrinter) -> None:
    found.lost += paper.unprinted(orders, tables, printer)
    found.doubled += paper.doubled(orders, tables, printer)
    found.out_of_order += paper.disorder(tables)


def _queue(found: Findings, tables: Tables) -> None:
    found.lost += [f"not handled: {row}" for row in tables.everywhere(_UNFINISHED)]
    found.lost += [f"not shipped: {row}" for row in tables.everywhere(_UNSHIPPED)]
    found.lost += [f"no delivery: {row}" for row in tables.everywhere(_MISSING)]
    for context, url in tables.urls.items():
        here = [name for name, other in tables.urls.items() if other == url]
        found.lost += [f"a gap in a stream: {row}" for row in tables.rows(context, _STREAM_GAPS, here)]
    found.out_of_order += [f"{row}" for row in tables.everywhere(_DISORDER)]


def _effects(found: Findings, tables: Tables) -> None:
    for handler, event, count in tables.everywhere(_EFFECTS_WRONG):
        (found.doubled if count else found.lost).append(f"{count} effects of {handler} for {event}")
    found.out_of_order += [f"effect: {row}" for row in tables.everywhere(_EFFECTS_DISORDER)]


def listen(found: Findings, heard: Sequence[int], others: set[int]) -> None:
    """Whether an owner's board heard every number once; `others` are those for the boards of other roles."""
    for before, after in pairwise(heard):
        if not others.issuperset(range(before + 1, after)):
            found.lost.append(f"a board heard {after} after {before}")
        if after <= before:
            found.doubled.append(f"a board heard {after} after {before}")
    if not heard:
        found.lost.append("a board that heard nothing")
