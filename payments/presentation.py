"""Bills, payments and refunds as the phone and the board read them; shapes: the API's serializers."""

from typing import Any
from uuid import UUID

from django.templatetags.static import static
from django.utils.translation import gettext as _

from events.kernel.texts import localized
from payments.gateways.registry import gateway_named
from payments.models import BillLine, GatewayAccount, Payment, PaymentState, Refund
from payments.selectors import BillView, shares_of

# As many people as may split a bill evenly.
PARTS = range(1, 51)


def bill_json(
    view: BillView, language: str, main_language: str, guest_id: UUID | None = None
) -> dict[str, Any]:
    """One bill with its lines, payments and refunds, texts in `language`; for a guest, what shares cost."""
    sums = view.sums
    return {
        "id": view.bill.id,
        "order_id": view.bill.order_id,
        "status": view.status,
        "total": sums.total,
        "captured": sums.captured,
        "refunded": sums.refunded,
        "reserved": sums.reserved,
        "due": sums.due,
        "lines": [line_json(line, language, main_language) for line in view.lines],
        "payments": [attempt_json(payment) for payment in view.payments],
        "refunds": [refund_json(refund) for refund in view.refunds],
        "shares": shares_json(view, guest_id) if guest_id and sums.due else None,
    }


def shares_json(view: BillView, guest_id: UUID) -> dict[str, Any]:
    """What the guest's phone pays for each share: its button and our charge follow one rule."""
    shares = shares_of(view.bill, view.sums, guest_id)
    even = {str(parts): shares.even(parts) for parts in PARTS}
    return {"all": shares.rest, "mine": shares.mine, "even": even}


def line_json(line: BillLine, language: str, main_language: str) -> dict[str, Any]:
    return {
        "id": line.line_id,
        "order_id": line.order_id,
        "order_number": line.order_number,
        "name": localized({**line.texts, "language": main_language}, "name", language),
        "quantity": line.quantity,
        "options_text": ", ".join(
            localized({**option, "language": main_language}, "name", language) for option in line.options
        ),
        "total": line.total,
        "guest_id": line.guest_id,
        "guest_name": line.guest_name,
        "voided": line.is_voided,
    }


def attempt_json(payment: Payment) -> dict[str, Any]:
    return {
        "id": payment.id,
        "amount": payment.amount,
        "method": payment.method or payment.gateway,
        "state": payment.state,
        "guest_id": payment.guest_id,
        "refundable": payment.refundable,
        "created_at": payment.created_at,
    }


def refund_json(refund: Refund) -> dict[str, Any]:
    """A refund; `hand_back` says that staff owe the guest a hand: cash, or a booking on the terminal."""
    return {
        "id": refund.id,
        "amount": refund.amount,
        "state": refund.state,
        "reason": refund.reason,
        "method": "cash" if refund.in_cash else refund.payment.method or refund.payment.gateway,
        "hand_back": refund.needs_hand,
        "created_at": refund.created_at,
    }


def owed_json(refund: Refund) -> dict[str, Any]:
    """A refund that waits for a hand, with the table and the tab it is owed to."""
    bill = refund.bill
    return {**refund_json(refund), "tab_id": bill.tab_id, "table_name": bill.table_name}


def payment_json(payment: Payment) -> dict[str, Any]:
    """An attempt with what the phone does next."""
    return {
        "id": payment.id,
        "state": payment.state,
        "amount": payment.amount,
        "currency": payment.currency,
        "order_id": payment.order_id,
        "bill_id": payment.bill_id,
        "next": next_json(payment),
        "failure": failure_text(payment),
    }


def next_json(payment: Payment) -> dict[str, str] | None:
    """{"type": "redirect", "url"} or {"type": "counter", "message"}; None when there is nothing to do."""
    action = payment.next_action
    if not action or not payment.is_open:
        return None
    if action["type"] == "counter":
        return {"type": "counter", "message": _("Please pay at the counter, we are expecting you.")}
    return {"type": action["type"], "url": action["url"]}


def failure_text(payment: Payment) -> str:
    """Why it did not work, for the guest; "" while it may still work."""
    texts = {
        PaymentState.FAILED: _("The payment was declined. Nothing was charged."),
        PaymentState.CANCELED: _("The payment was canceled. Nothing was charged."),
        PaymentState.EXPIRED: _("The time to pay is over. Nothing was charged."),
        PaymentState.REVIEW: _("We are checking this payment. Please ask our staff."),
    }
    return texts.get(PaymentState(payment.state), "")


def method_json(account: GatewayAccount) -> dict[str, Any]:
    """A way to pay, as a button."""
    gateway = gateway_named(account.gateway)
    return {
        "id": account.gateway,
        "name": _(gateway.title),
        "kind": gateway.capabilities.flow,
        "logo": static(gateway.logo) if gateway.logo else None,
    }
