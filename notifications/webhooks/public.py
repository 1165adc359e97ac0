"""The events that may leave the house, field by field: no names of people, no free text, no table codes.

A field that is not named here stays inside, so that a field added to an event leaks nothing by itself.
"""

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from events.base import DomainEvent

_ORDER = ("store_id", "order_id", "tab_id", "table_id", "table_name", "number")
_TAB = ("store_id", "tab_id", "table_id", "table_name")
_PAYMENT = ("store_id", "payment_id", "bill_id", "tab_id", "order_id", "amount", "currency", "gateway")
_REFUND = ("store_id", "refund_id", "payment_id", "bill_id", "tab_id", "order_id", "amount", "currency")
_ITEM = ("store_id", "item_id", "option_id")

PUBLIC_FIELDS: dict[str, tuple[str, ...]] = {
    "order.placed": (
        *_ORDER,
        "pay_after",
        "currency",
        "total",
        "lines",
        "placed_at",
        "expires_at",
    ),
    "order.submitted": (*_ORDER, "currency", "total", "lines"),
    "order.accepted": (*_ORDER, "minutes", "ready_by"),
    "order.rejected": (*_ORDER, "reason_code", "total", "currency"),
    "order.canceled": (*_ORDER, "total", "currency", "actor_kind"),
    "order.expired": _ORDER,
    "order.ready": _ORDER,
    "order.served": _ORDER,
    "order.recalled": (*_ORDER, "status"),
    "line.ready": (*_ORDER, "line_id", "line_name", "quantity"),
    "line.voided": (*_ORDER, "line_id", "line_name", "amount", "currency"),
    "tab.opened": (*_TAB, "pay_after", "currency"),
    "tab.moved": (*_TAB, "from_table_id", "from_table_name"),
    "tab.merged": (*_TAB, "into_tab_id", "order_ids"),
    "tab.closed": _TAB,
    "call.raised": (*_TAB, "call_id", "kind"),
    "call.answered": (*_TAB, "call_id"),
    "payment.captured": (*_PAYMENT, "method", "captured_at"),
    "payment.failed": (*_PAYMENT, "state"),
    "bill.paid": ("store_id", "bill_id", "tab_id", "order_id", "total", "currency"),
    "bill.reopened": ("store_id", "bill_id", "tab_id", "order_id", "due", "currency"),
    "refund.completed": _REFUND,
    "refund.failed": _REFUND,
    "item.sold_out": _ITEM,
    "item.restocked": _ITEM,
    "menu.published": ("store_id", "version_number", "document"),
}
# Lines of an order carry their guest inside; outside they are dishes.
LINE_FIELDS = (
    "id",
    "item_id",
    "name",
    "i18n",
    "quantity",
    "unit_price",
    "total",
    "options",
    "station",
    "tax_rate_bp",
)
TEST_TOPIC = "webhook.test"

NAMES: dict[str, str | Promise] = {
    "order.placed": _("Order placed"),
    "order.submitted": _("Order sent to the kitchen"),
    "order.accepted": _("Order accepted"),
    "order.rejected": _("Order refused"),
    "order.canceled": _("Order canceled"),
    "order.expired": _("Order not paid in time"),
    "order.ready": _("Order ready"),
    "order.served": _("Order served"),
    "order.recalled": _("Order: one step back"),
    "line.ready": _("Dish ready"),
    "line.voided": _("Dish taken off"),
    "tab.opened": _("Party sat down"),
    "tab.moved": _("Party changed tables"),
    "tab.merged": _("Tables joined"),
    "tab.closed": _("Party left"),
    "call.raised": _("Guest calls"),
    "call.answered": _("Call answered"),
    "payment.captured": _("Payment received"),
    "payment.failed": _("Payment failed"),
    "bill.paid": _("Bill paid"),
    "bill.reopened": _("Bill owed again"),
    "refund.completed": _("Refund sent"),
    "refund.failed": _("Refund failed"),
    "item.sold_out": _("Sold out"),
    "item.restocked": _("Back in stock"),
    "menu.published": _("Menu published"),
    TEST_TOPIC: _("Test event"),
}


def public_events() -> list[type[DomainEvent]]:
    """Today's classes of the public events."""
    newest: dict[str, type[DomainEvent]] = {}
    for (topic, _version), kind in sorted(DomainEvent.types.items()):
        newest[topic] = kind
    return [newest[topic] for topic in PUBLIC_FIELDS]


def public_data(topic: str, payload: dict[str, Any]) -> dict[str, Any]:
    """What may leave of an event's JSON payload."""
    data = {name: payload[name] for name in PUBLIC_FIELDS[topic] if name in payload}
    if "lines" in data:
        data["lines"] = [
            {name: line[name] for name in LINE_FIELDS if name in line} for line in payload["lines"]
        ]
    return data
