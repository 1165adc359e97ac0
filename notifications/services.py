"""Writes notifications, takes alarms and escalates them."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple, TypedDict, Unpack
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from events.base import Envelope
from events.kernel.databases import alias_of, atomic
from events.kernel.databases import now as database_now
from events.kernel.errors import Forbidden, NotFound
from events.kernel.hints import hint
from events.kernel.ids import new_id
from events.kernel.statements import execute
from events.kernel.versions import may_save
from events.outbox import publish
from notifications.events import AlarmEscalated, NotificationAcknowledged
from notifications.models import (
    DEFAULT_AUTO_REJECT_MINUTES,
    SETTLING_KINDS,
    TAB_DAYS,
    Audience,
    Channel,
    Device,
    Notification,
    StoreSnapshot,
    plain_time,
    store_channel,
    tab_channel,
)
from notifications.selectors import notification_json

CONTEXT = "notifications"
FIRST_ESCALATION_SECONDS = 30
BIGGEST_SEQ = 2**63 - 1

# One round trip. The channel's row lock is held until the commit: numbers have no gap and follow the order of
# commits. A fact told before takes no number, nor does an old one about a tab that was deleted. The time and
# the ladder that starts with it are the database's, which also says when an alarm is due: a worker whose
# clock is behind must not reject what has just come in.
_APPEND = """
WITH numbered AS (
  INSERT INTO notifications_channel (name, last_seq)
  SELECT %(channel)s::text, 1 WHERE NOT EXISTS (
    SELECT 1 FROM notifications_notification WHERE event_id = %(event_id)s AND channel = %(channel)s::text)
    AND (coalesce(%(happened)s::timestamptz > clock_timestamp() - make_interval(days => %(days)s), true)
         OR EXISTS (SELECT 1 FROM notifications_channel WHERE name = %(tab)s::text))
  ON CONFLICT (name) DO UPDATE SET last_seq = notifications_channel.last_seq + 1
  RETURNING last_seq, clock_timestamp() AS at
)
INSERT INTO notifications_notification
  (id, channel, seq, store_id, kind, level, alarm, data, subject_id, event_id, correlation_id, created_at,
   acked_by, acked_device, escalate_at, final_at, audience)
SELECT %(id)s, %(channel)s::text, last_seq, %(store_id)s, %(kind)s, 0, %(alarm)s, %(data)s::jsonb,
       %(subject_id)s::uuid, %(event_id)s, %(correlation_id)s::uuid, at, '', '',
       at + least(%(first)s::int, %(last)s::int) * interval '1 second',
       at + %(last)s::int * interval '1 second', %(audience)s
FROM numbered RETURNING seq, created_at, escalate_at, final_at
"""

# Under the same condition as above.
_NAME_TAB = """
INSERT INTO notifications_channel (name, last_seq, label)
SELECT %(tab)s::text, 0, %(label)s::text
WHERE coalesce(%(happened)s::timestamptz > clock_timestamp() - make_interval(days => %(days)s), true)
   OR EXISTS (SELECT 1 FROM notifications_channel WHERE name = %(tab)s::text)
ON CONFLICT (name) DO UPDATE SET label = excluded.label WHERE %(moved)s OR notifications_channel.label = ''
"""

# Written out, as the row above: the alarm waits for it, and the query builder takes longer than the query.
_BEFORE_RINGING = """
SELECT EXISTS (SELECT 1 FROM notifications_notification
               WHERE subject_id = %(subject)s AND kind = ANY(%(settling)s::text[])),
       (SELECT data ->> 'auto_reject_minutes' FROM notifications_storesnapshot WHERE store_id = %(store)s)
"""

# SKIP LOCKED: of two that escalate at once, each alarm is taken by one.
_ESCALATE = """
WITH due AS MATERIALIZED (
  SELECT id FROM notifications_notification
  WHERE escalate_at <= %(now)s AND acked_at IS NULL
  ORDER BY escalate_at LIMIT 200 FOR UPDATE SKIP LOCKED
)
UPDATE notifications_notification n
SET level = n.level + 1,
    escalate_at = CASE WHEN n.final_at <= %(now)s THEN NULL ELSE
      least(n.final_at, n.created_at + %(first)s * power(2, n.level + 1) * interval '1 second') END
FROM due WHERE n.id = due.id
RETURNING n.*
"""


class Message(TypedDict, total=False):
    """What a notification says: `data` takes JSON values, UUIDs and times; `source` is the fact behind it."""

    kind: str
    data: dict[str, Any]
    subject_id: UUID | None
    source: Envelope | None
    event_id: UUID


class _Ladder(NamedTuple):
    """Seconds until an alarm is escalated for the first time, and until that ends; None never."""

    first: int | None = None
    last: int | None = None


_NO_LADDER = _Ladder()


def notify_store(
    *,
    store_id: UUID,
    alarm: bool = False,
    audience: Audience = Audience.EVERYBODY,
    **message: Unpack[Message],
) -> Notification | None:
    """Tells a store's staff, or those of one role; an `alarm` stays open until one of them takes it.

    Returns None when the fact was told before. Sockets get the row itself after the commit.
    """
    row = _notification(store_channel(store_id), store_id, message)
    row.alarm, row.audience = alarm, audience
    with atomic(CONTEXT, savepoint=False):
        return _append(row)


def notify_tab(*, store_id: UUID, tab_id: UUID, **message: Unpack[Message]) -> Notification | None:
    """Tells the guests of a tab. Returns None when the fact was told before, or the tab is long over.

    A tab's channel is deleted some days after its end: a fact that is repeated later must not revive it.
    """
    row = _notification(tab_channel(tab_id), store_id, message)
    with atomic(CONTEXT, savepoint=False):
        return _append(row, happened=_moment_of(message), tab=row.channel)


def raise_alarm(
    *, store_id: UUID, tab_id: UUID | None = None, **message: Unpack[Message]
) -> Notification | None:
    """Rings at the store about `subject_id` and climbs the ladder: 30 s, 60 s, 120 s, …, the last minute.

    The last one is the store's `auto_reject_minutes`; with 0 it rings until somebody comes. When the
    subject was settled meanwhile (one order's events may reach different handlers out of order), the store is
    told without ringing. Nobody is told of what is so old that its settling was deleted with its tab. While
    the tab is there it rings however late: nothing else would ever refuse the order.
    """
    subject_id = message["subject_id"]
    if subject_id is None:
        raise ValueError("an alarm is about something")
    row = _notification(store_channel(store_id), store_id, message)
    with atomic(CONTEXT, savepoint=False):
        take_turns(subject_id)
        is_settled, minutes = _before_ringing(subject_id, store_id)
        row.alarm = not is_settled
        ladder = _ladder(minutes) if row.alarm else _NO_LADDER
        tab = tab_channel(tab_id) if tab_id else None
        return _append(row, ladder, happened=_moment_of(message), tab=tab)


def _ladder(minutes: int) -> _Ladder:
    return _Ladder(FIRST_ESCALATION_SECONDS, minutes * 60 or None)  # 0: it rings until somebody comes


def _notification(channel: str, store_id: UUID, message: Message) -> Notification:
    source = message.get("source")
    return Notification(
        id=new_id(),
        channel=channel,
        store_id=store_id,
        kind=message["kind"],
        data=json.loads(json.dumps(message.get("data", {}), cls=DjangoJSONEncoder)),
        subject_id=message.get("subject_id"),
        event_id=source.event_id if source else message.get("event_id") or new_id(),
        correlation_id=source.correlation_id if source else None,
    )


def _moment_of(message: Message) -> datetime | None:
    source = message.get("source")
    return source.occurred_at if source else None


def _append(
    row: Notification,
    ladder: _Ladder = _NO_LADDER,
    *,
    happened: datetime | None = None,
    tab: str | None = None,
) -> Notification | None:
    """None when it was told before, or `happened` so long ago that `tab`, a channel, was deleted since."""
    names = ("id", "channel", "store_id", "alarm", "subject_id", "event_id", "correlation_id")
    values = {name: getattr(row, name) for name in names} | ladder._asdict()
    values |= {"kind": str(row.kind), "audience": str(row.audience), "data": json.dumps(row.data)}
    values |= {"happened": happened, "days": TAB_DAYS, "tab": tab}
    numbered = execute(alias_of(CONTEXT), _APPEND, values).fetchone()
    if numbered is None:
        return None
    row.seq, row.created_at, row.escalate_at, row.final_at = numbered
    news = {"seq": row.seq, "audience": str(row.audience), "row": notification_json(row)}
    _hint(row.channel, {"topic": "notification", **news})
    return row


def _hint(channel: str, data: dict[str, Any]) -> None:
    hint(CONTEXT, channel.replace(":", "."), data)


def take_turns(subject_id: UUID) -> None:
    """Raising and settling the same thing take turns, so that neither misses the other; until the commit."""
    lock = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"
    execute(alias_of(CONTEXT), lock, [str(subject_id)])


def _before_ringing(subject_id: UUID, store_id: UUID) -> tuple[bool, int]:
    """(the subject is settled already, the minutes it may ring at this store)"""
    values = {"subject": subject_id, "store": store_id, "settling": [str(kind) for kind in SETTLING_KINDS]}
    is_settled, minutes = execute(alias_of(CONTEXT), _BEFORE_RINGING, values).fetchone() or (False, None)
    return is_settled, DEFAULT_AUTO_REJECT_MINUTES if minutes is None else int(minutes)


# --- Taking alarms ---------------------------------------------------------------------------------


def acknowledge(
    *,
    store_id: UUID,
    seqs: Iterable[int],
    actor_id: UUID | None,
    actor_name: str,
    role: str = "",
    device: str = "",
) -> list[Notification]:
    """Takes notifications of the store's channel; those already taken keep who was first.

    Returns all of them as they are now. Publishes NotificationAcknowledged for each newly taken one; other
    devices fall silent. What an owner takes is taken for the managers too, not the other way round. Raises
    NotFound when a number does not exist, Forbidden when one is not meant for `role`: nothing is taken then.
    """
    wanted = sorted(set(seqs))
    with atomic(CONTEXT):
        rows = _locked(channel=store_channel(store_id), seq__in=[seq for seq in wanted if seq <= BIGGEST_SEQ])
        if len(rows) != len(wanted):
            raise NotFound(_("There is no such notification."))
        if not all(row.may_be_taken_by(role) for row in rows):
            raise Forbidden(_("This alarm is meant for another role."))
        for row in [*rows, *_managers_twins(rows)]:
            _take(row, actor_id, actor_name, device)
        return rows


def _managers_twins(rows: list[Notification]) -> list[Notification]:
    """The managers' open alarms about what the owner's among `rows` are about."""
    subjects = [row.subject_id for row in rows if row.audience == Audience.OWNER and row.subject_id]
    if not subjects:
        return []
    about = {"channel": rows[0].channel, "subject_id__in": subjects}
    return _locked(audience=Audience.MANAGER, acked_at=None, **about)


def acknowledge_subject(*, store_id: UUID, subject_id: UUID, actor_name: str) -> int:
    """Takes every open alarm about an order or a call, because it was settled; returns how many."""
    with atomic(CONTEXT):
        take_turns(subject_id)
        rows = _locked(channel=store_channel(store_id), subject_id=subject_id, alarm=True, acked_at=None)
        for row in rows:
            _take(row, None, actor_name, "")
        return len(rows)


def _locked(**filters: Any) -> list[Notification]:
    """Each row also says what time it is, by the clock that says when it was raised."""
    rows = Notification.objects.select_for_update().filter(**filters).order_by("seq")
    return list(rows.annotate(seen_at=Now()))


def _take(row: Any, actor_id: UUID | None, actor_name: str, device: str) -> None:
    if row.acked_at:
        return
    row.acked_at, row.acked_by_id, row.acked_by = row.seen_at, actor_id, actor_name[:150]
    row.acked_device, row.escalate_at = device[:64], None
    row.save(update_fields=["acked_at", "acked_by_id", "acked_by", "acked_device", "escalate_at"])
    seconds = row.seconds_to_take or 0.0
    publish(
        NotificationAcknowledged(
            store_id=row.store_id,
            notification_id=row.id,
            kind=str(row.kind),
            subject_id=row.subject_id,
            actor_name=row.acked_by,
            seconds=round(seconds, 3),
        ),
        correlation_id=row.correlation_id,
    )
    taken = {"by": row.acked_by, "at": plain_time(row.acked_at), "device": row.acked_device}
    _hint(row.channel, {"topic": "acked", "seq": row.seq, **taken})


def escalate_due_alarms(*, now: datetime | None = None) -> int:
    """Raises the level of every alarm nobody took in time and publishes AlarmEscalated; returns how many.

    Any number of callers may run at once. `now` is the database's time.
    """
    values = {"now": now or database_now(CONTEXT), "first": FIRST_ESCALATION_SECONDS}
    with atomic(CONTEXT):
        rows = list(Notification.objects.raw(_ESCALATE, values))
        for row in rows:
            _tell_escalation(row)
    return len(rows)


def _tell_escalation(row: Notification) -> None:
    final = row.escalate_at is None
    publish(
        AlarmEscalated(
            store_id=row.store_id,
            notification_id=row.id,
            kind=row.kind,
            subject_id=row.subject_id,
            level=row.level,
            final=final,
        ),
        correlation_id=row.correlation_id,
    )
    _hint(row.channel, {"topic": "escalated", "seq": row.seq, "level": row.level, "final": final})


# --- Tabs, stores, devices ----------------------------------------------------------------------------


def name_tab(*, tab_id: UUID, table_name: str, moved: bool, happened: datetime | None = None) -> None:
    """Remembers where a tab sits; its opening never overwrites a later move, nor revives what was purged."""
    values: dict[str, Any] = {"tab": tab_channel(tab_id), "label": table_name[:40], "moved": moved}
    values |= {"happened": happened, "days": TAB_DAYS}
    with atomic(CONTEXT, savepoint=False):
        execute(alias_of(CONTEXT), _NAME_TAB, values)


def table_of_tab(tab_id: UUID) -> str:
    """The name of the table where a tab sits; empty while unknown."""
    return Channel.objects.filter(pk=tab_channel(tab_id)).values_list("label", flat=True).first() or ""


def close_tab_channel(*, tab_id: UUID) -> None:
    """Ends a tab's sockets; its notifications are deleted some days later."""
    with atomic(CONTEXT):
        Channel.objects.filter(pk=tab_channel(tab_id), closed_at=None).update(closed_at=Now())


def save_store_snapshot(
    *, store_id: UUID, version_number: int, snapshot: Mapping[str, Any], over: int | None = None
) -> None:
    """Keeps the newest snapshot of a store; an older one is ignored. A rebuild overwrites up to `over`."""
    with atomic(CONTEXT):
        row, created = StoreSnapshot.objects.select_for_update().get_or_create(
            pk=store_id, defaults={"version_number": version_number, "data": snapshot}
        )
        if not created and may_save(row, version_number, over):
            row.version_number, row.data = version_number, snapshot
            row.save(update_fields=["version_number", "data"])


def record_heartbeat(
    *, store_id: UUID, device: str, user_id: UUID, user_name: str, sound: bool, wake_lock: bool
) -> None:
    """Notes that a board's device is there and whether it can ring."""
    with atomic(CONTEXT):
        Device.objects.update_or_create(
            store_id=store_id,
            device=device,
            defaults={
                "user_id": user_id,
                "user_name": user_name[:150],
                "sound": sound,
                "wake_lock": wake_lock,
                "last_seen_at": Now(),
            },
        )
