"""What payments add to the story of a tab: attempts, bookings, refunds under way and gateways' messages."""

import json
from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events.kernel.money import format_money
from events.timeline import (
    Moment,
    Question,
    Words,
    contributes,
    reason_in_words,
    row_link,
    rows,
    words,
)
from payments.gateways.registry import title_of
from payments.models import GatewayEvent, LedgerEntry, Payment, Refund

rows(payment="payments_payment", refund="payments_refund", bill="payments_bill")
words(
    {
        "payment.captured": Words("paid", gettext_lazy("The money arrived"), "good"),
        "payment.failed": Words("credit_card_off", gettext_lazy("An attempt to pay failed"), "bad"),
        "payment.flagged": Words("report", gettext_lazy("A payment needs a look"), "bad"),
        "bill.paid": Words("task_alt", gettext_lazy("The bill is paid"), "good"),
        "bill.reopened": Words("money_off", gettext_lazy("The bill is owed again")),
        "refund.requested": Words("undo", gettext_lazy("Money is to go back")),
        "refund.completed": Words("undo", gettext_lazy("The money is back"), "good"),
        "refund.failed": Words("undo", gettext_lazy("The money could not be given back"), "bad"),
        "webhook.received": Words("webhook", gettext_lazy("The payment service called"), "quiet"),
    }
)


def _about(payment: Payment) -> dict[str, str]:
    found = {"payment": str(payment.pk), "bill": str(payment.bill_id)}
    return {**found, "order": str(payment.order_id)} if payment.order_id else found


@contributes
def money(question: Question) -> Iterator[Moment]:
    """Four queries: attempts, bookings, refunds, messages; the first alone when nobody paid."""
    payments = {
        row.pk: row
        for row in Payment.objects.filter(
            tab_id__in=question.correlation_ids, store_id__in=question.store_ids
        ).order_by("created_at")[: question.limit]
    }
    if not payments:
        return
    yield from _attempts(question, payments)
    yield from _bookings(question, payments)
    yield from _refunds(question, payments)
    yield from _messages(question, payments)


def _is_new(question: Question, at: Any) -> bool:
    return at is not None and (question.since is None or at > question.since)


def _attempts(question: Question, payments: dict[Any, Payment]) -> Iterator[Moment]:
    for row in payments.values():
        if _is_new(question, row.created_at):
            amount = format_money(row.amount, row.currency, question.language)
            decided = f"{row.review_reason} ({row.reviewed_by})" if row.reviewed_by else ""
            state = _("now: %s") % row.get_state_display()
            yield Moment(
                row.created_at,
                "credit_card",
                _("Payment started: %s") % amount,
                " · ".join(filter(None, [title_of(row.gateway), state, decided])),
                "",
                row_link("payments_payment", row.pk),
                _about(row),
                store_id=row.store_id,
            )


def _bookings(question: Question, payments: dict[Any, Payment]) -> Iterator[Moment]:
    booked = LedgerEntry.objects.filter(payment_id__in=list(payments), **question.after("created_at"))
    for row in booked.order_by("created_at")[: question.limit]:
        amount = format_money(abs(row.amount), row.currency, question.language)
        yield Moment(
            row.created_at,
            "menu_book",
            _("Booked: %s") % f"{'−' if row.amount < 0 else '+'}{amount}",
            row.get_kind_display(),
            "",
            row_link("payments_ledgerentry", row.pk),
            _about(payments[row.payment_id]),
        )


def _refunds(question: Question, payments: dict[Any, Payment]) -> Iterator[Moment]:
    sent = Refund.objects.filter(
        payment_id__in=list(payments), sent_at__isnull=False, **question.after("sent_at")
    )
    for row in sent.order_by("sent_at")[: question.limit]:
        amount = format_money(row.amount, row.currency, question.language)
        tries = _("%(n)s attempts") % {"n": row.attempts} if row.attempts > 1 else ""
        decided = f"{row.get_resolution_display()} ({row.resolved_by})" if row.resolution else ""
        state = _("now: %s") % row.get_state_display()
        said = " · ".join(filter(None, [state, tries, reason_in_words(row.reason), row.failure, decided]))
        yield Moment(
            row.sent_at,  # type: ignore[arg-type]  # filtered
            "undo",
            _("Refund sent to the payment service: %s") % amount,
            said,
            "",
            row_link("payments_refund", row.pk),
            {**_about(payments[row.payment_id]), "refund": str(row.pk)},
        )


def _messages(question: Question, payments: dict[Any, Payment]) -> Iterator[Moment]:
    by_reference = {row.merchant_ref: row for row in payments.values()}
    calls = GatewayEvent.objects.filter(merchant_ref__in=list(by_reference), **question.after("received_at"))
    for call in calls.order_by("received_at")[: question.limit]:
        done = call.note or (_("worked off") if call.processed_at else _("waits to be worked off"))
        yield Moment(
            call.received_at,
            "webhook",
            _("Message from the payment service"),
            f"{call.kind} · {done}",
            "quiet",
            row_link("payments_gatewayevent", call.pk),
            _about(by_reference[call.merchant_ref]),
            _body(call.body),
        )


def _body(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
