"""Deletes notifications that nobody will ask for again, in small statements."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from events.kernel.databases import now as database_now
from notifications.models import TAB_DAYS, Channel, Device, Notification
from notifications.printing.models import OPEN_STATES, PrintJob
from notifications.webhooks.models import MessageState, WebhookMessage

STORE_DAYS = 30
BATCH = 1000


def purge_old_notifications(*, now: datetime | None = None) -> int:
    """Deletes closed tabs' notifications after 2 days, stores' after 30, but no alarm that still rings.

    A channel's counter is deleted only with its tab's: numbers never start again. Returns rows deleted.
    """
    now = now or database_now("notifications")
    before = now - timedelta(days=STORE_DAYS)
    count = _delete_channels(Channel.objects.filter(closed_at__lt=now - timedelta(days=TAB_DAYS)))
    count += _delete_channels(_forgotten(before))
    old = Notification.objects.filter(created_at__lt=before, channel__startswith="store:")
    count += _delete(old.exclude(alarm=True, acked_at=None))
    told = WebhookMessage.objects.filter(
        created_at__lt=before, state__in=(MessageState.SENT, MessageState.FAILED)
    )
    count += _delete(told)
    count += _delete(PrintJob.objects.filter(created_at__lt=before).exclude(state__in=OPEN_STATES))
    Device.objects.filter(last_seen_at__lt=before).delete()
    return count


def _forgotten(before: datetime) -> QuerySet[Channel]:
    """Open tabs that were told nothing for long: a fact that came after the end brought them back.

    A probe of the last number per open tab. A tab that was told nothing yet is not among them.
    """
    last = Notification.objects.filter(channel=OuterRef("pk"), seq=OuterRef("last_seq"))
    tabs = Channel.objects.filter(name__startswith="tab:", closed_at=None)
    return tabs.filter(Exists(last.filter(created_at__lt=before)))


def _delete_channels(channels: QuerySet[Channel]) -> int:
    count = 0
    while names := list(channels.values_list("pk", flat=True)[:BATCH]):
        count += Notification.objects.filter(channel__in=names).delete()[0]
        Channel.objects.filter(pk__in=names).delete()
    return count


def _delete(rows: QuerySet[Any]) -> int:
    count = 0
    while ids := list(rows.values_list("pk", flat=True)[:BATCH]):
        count += rows.model._default_manager.filter(pk__in=ids).delete()[0]
    return count
