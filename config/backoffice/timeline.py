"""One story (a tab) in the order of time: events, their steps, payments, refunds, webhooks and alarms."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Q
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from events.kernel.databases import alias_of, all_aliases
from events.kernel.money import format_money
from events.meanings import meaning_of, plain_error
from events.models import Delivery, DeliveryStatus, Event
from notifications.models import Notification
from payments.models import GatewayEvent, Payment, Refund

LIMIT = 1000


class Moment(NamedTuple):
    """One line of the story. `tone`: "", "good", "bad", "quiet"."""

    at: datetime
    icon: str
    text: str
    small: str
    tone: str
    link: str


def story(correlation_id: UUID, store_ids: list[UUID], language: str) -> list[Moment]:
    """Everything known under the correlation id (a tab's id) in the caller's stores, the oldest first."""
    moments = [
        *_events(correlation_id, store_ids),
        *_payments(correlation_id, store_ids, language),
        *_notifications(correlation_id, store_ids),
    ]
    return sorted(moments, key=lambda moment: moment.at)


def _link(name: str, pk: Any) -> str:
    try:
        return reverse(f"admin:{name}_change", args=[pk])
    except NoReverseMatch:
        return ""


def _events(correlation_id: UUID, store_ids: list[UUID]) -> Iterator[Moment]:
    for alias in all_aliases():
        mine = Event.objects.using(alias).filter(correlation_id=correlation_id, store_id__in=store_ids)
        rows = mine.prefetch_related("deliveries").order_by("occurred_at")[:LIMIT]
        for event in rows:
            # In a split system the other databases hold copies: the fact is told once.
            if alias_of(event.source) == alias:
                yield _fact(event)
            yield from map(_step, event.deliveries.all())


def _fact(event: Event) -> Moment:
    number = event.payload.get("number") if isinstance(event.payload, dict) else None
    small = " · ".join(
        str(part)
        for part in (
            f"#{number}" if number else "",
            event.payload.get("table_name"),
            event.payload.get("reason"),
        )
        if part
    )
    return Moment(event.occurred_at, "bolt", event.topic, small, "", _link("events_event", event.pk))


_TONES = {DeliveryStatus.DONE: "quiet", DeliveryStatus.DEAD: "bad", DeliveryStatus.HELD: "bad"}


def _step(row: Delivery) -> Moment:
    at = row.done_at or row.started_at or row.due_at
    what = str(meaning_of(row.handler).what)
    parts = [row.get_status_display()]
    if row.attempts > 1:
        parts.append(_("%(n)s attempts") % {"n": row.attempts})
    if row.last_error:
        parts.append(str(plain_error(row.last_error)))
    tone = _TONES.get(DeliveryStatus(row.status), "")
    return Moment(
        at, "subdirectory_arrow_right", what, " · ".join(parts), tone, _link("events_delivery", row.pk)
    )


def _payments(tab_id: UUID, store_ids: list[UUID], language: str) -> Iterator[Moment]:
    payments = list(Payment.objects.filter(tab_id=tab_id, store_id__in=store_ids))
    for row in payments:
        amount = format_money(row.amount, row.currency, language)
        link = _link("payments_payment", row.pk)
        yield Moment(row.created_at, "credit_card", _("Payment started: %s") % amount, row.gateway, "", link)
        if row.captured_at:
            yield Moment(row.captured_at, "paid", _("Paid: %s") % amount, row.method, "good", link)
        elif row.failure:
            yield Moment(row.expires_at, "credit_card_off", row.get_state_display(), row.failure, "bad", link)
    yield from _refunds([row.pk for row in payments], language)
    calls = GatewayEvent.objects.filter(merchant_ref__in=[row.merchant_ref for row in payments])
    for call in calls.defer("body", "headers"):
        yield Moment(
            call.received_at, "webhook", _("Message from the payment service"), call.kind, "quiet", ""
        )


def _refunds(payment_ids: list[UUID], language: str) -> Iterator[Moment]:
    for row in Refund.objects.filter(payment_id__in=payment_ids):
        amount = format_money(row.amount, row.currency, language)
        link = _link("payments_refund", row.pk)
        yield Moment(row.created_at, "undo", _("Refund asked for: %s") % amount, row.reason, "", link)
        if row.done_at:
            tone = "bad" if row.failure else "good"
            yield Moment(row.done_at, "undo", row.get_state_display(), row.failure or amount, tone, link)


def _notifications(correlation_id: UUID, store_ids: list[UUID]) -> Iterator[Moment]:
    rows = Notification.objects.filter(Q(correlation_id=correlation_id), store_id__in=store_ids)
    for row in rows.order_by("created_at")[:LIMIT]:
        is_store = row.channel.startswith("store:")
        whom = _("to the board") if is_store else _("to the guest's phone")
        text = f"{row.get_kind_display()} {whom}"
        yield Moment(row.created_at, "notifications", text, "", "quiet", "")
        if row.acked_at and row.alarm:
            seconds = round(row.seconds_to_take or 0)
            small = _("after %(n)s s") % {"n": seconds}
            who = _("Taken by %s") % (row.acked_by or "–")
            yield Moment(row.acked_at, "notifications_off", who, small, "good", "")
