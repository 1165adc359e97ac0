"""Reads of notifications, for HTTP and for sockets: both show the same rows in the same form."""

from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connections
from django.db.models import QuerySet
from django.db.models.functions import Now

from events.kernel.databases import alias_of
from notifications.models import Audience, Kind, Notification, plain_time, tab_channel

BATCH = 200
LATEST = 50
RECENT_MINUTES = 15

_STATE = """
SELECT c.last_seq, c.closed_at IS NOT NULL,
       ARRAY(SELECT n.seq FROM notifications_notification n
             WHERE n.channel = c.name AND n.alarm AND n.acked_at IS NULL
               AND n.audience IN ('', %(role)s) ORDER BY n.seq)
FROM notifications_channel c WHERE c.name = %(channel)s
"""


class ChannelState(NamedTuple):
    """Where a channel stands: its last number, whether its tab is closed, the alarms that still ring."""

    last_seq: int = 0
    closed: bool = False
    open_alarms: tuple[int, ...] = ()


def channel_state(channel: str, role: str = "") -> ChannelState:
    """One query; a channel nobody wrote to yet stands at 0. The alarms are those that this role may hear."""
    with connections[alias_of("notifications")].cursor() as cursor:
        cursor.execute(_STATE, {"channel": channel, "role": role})
        row = cursor.fetchone()
    return ChannelState(row[0], row[1], tuple(row[2])) if row else ChannelState()


def notification_json(row: Notification) -> dict[str, Any]:
    """NotificationJSON of the HTTP contract; plain JSON values only."""
    return {
        "seq": row.seq,
        "id": str(row.id),
        "kind": str(row.kind),
        "level": row.level,
        "alarm": row.alarm,
        "created_at": plain_time(row.created_at),
        "acked_at": plain_time(row.acked_at),
        "acked_by": row.acked_by,
        "subject_id": str(row.subject_id) if row.subject_id else None,
        "data": row.data,
    }


def _shown(channel: str, role: str) -> QuerySet[Notification]:
    """What a role may read; it knows of the others' by the numbers that are missing, and no more."""
    return Notification.objects.filter(channel=channel, audience__in=(Audience.EVERYBODY, role))


def notifications_after(channel: str, after: int, role: str = "", limit: int = BATCH) -> list[dict[str, Any]]:
    """The next notifications of a channel, in order."""
    rows = _shown(channel, role).filter(seq__gt=after).order_by("seq")[:limit]
    return [notification_json(row) for row in rows]


def latest_notifications(channel: str, role: str = "", limit: int = LATEST) -> list[dict[str, Any]]:
    """The newest notifications of a channel, in order."""
    rows = _shown(channel, role).order_by("-seq")[:limit]
    return [notification_json(row) for row in reversed(rows)]


def notifications_numbered(channel: str, numbers: list[int]) -> list[dict[str, Any]]:
    """The named notifications of a channel, in order."""
    rows = Notification.objects.filter(channel=channel, seq__in=numbers).order_by("seq")
    return [notification_json(row) for row in rows]


def taken_lately(channel: str, upto: int, role: str = "") -> list[dict[str, Any]]:
    """Alarms up to a number that were taken in the last minutes: news for a device that was away."""
    since = Now() - timedelta(minutes=RECENT_MINUTES)
    rows = _shown(channel, role).filter(
        alarm=True, seq__lte=upto, created_at__gte=since, acked_at__isnull=False
    )
    return [notification_json(row) for row in rows.order_by("seq")[:BATCH]]


def moved_since(*, tab_id: UUID, since: datetime) -> str:
    """The table to which the tab was told to have moved after that moment; empty when it was not."""
    moves = Notification.objects.filter(channel=tab_channel(tab_id), kind=Kind.TAB_MOVED)
    last = moves.filter(created_at__gt=since).order_by("-seq").first()
    return str(last.data.get("table_name", "")) if last else ""


def merged_into(tab_id: UUID) -> UUID:
    """The tab that this one was joined into, over all joinings; itself while it stands alone.

    A tab that was joined into another one is closed: no chain of them is a circle.
    """
    ends = Notification.objects.filter(channel=tab_channel(tab_id), kind=Kind.TAB_CLOSED)
    into = ends.filter(data__has_key="into_tab_id").values_list("data__into_tab_id", flat=True).first()
    return merged_into(UUID(into)) if into else tab_id
