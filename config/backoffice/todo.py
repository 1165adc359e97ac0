"""What waits for the owner: the dashboard's list, each line with the page where it is done."""

from collections.abc import Iterable
from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext, ngettext

from config.backoffice import reports
from config.backoffice.wording import item_name, money
from events.meanings import meaning_of, subjects_of
from payments.models import STUCK_STATES, RefundState
from stores.models import Store


def todo(store: Store, items: dict[str, dict[str, Any]], there: Iterable[str]) -> list[dict[str, Any]]:
    """What waits for the owner, the most urgent first; dead letters of the databases that answer."""
    return [
        *_refund_tasks(store),
        *_dead_letter_tasks(store, there),
        *_printer_tasks(store),
        *_webhook_tasks(store),
        *_review_tasks(store),
        *_sold_out_tasks(store, items),
        *_unpaid_tasks(store),
    ]


def _link(name: str, query: str = "") -> str:
    try:
        return reverse(name) + query
    except NoReverseMatch:
        return ""


def _refund_tasks(store: Store) -> list[dict[str, Any]]:
    texts = {
        RefundState.FAILED: gettext("Refund failed: %(money)s"),
        RefundState.REVERSED: gettext("Refund came back: %(money)s"),
    }
    return [
        {
            "kind": "bad" if row.state in STUCK_STATES else "mid",
            "icon": "undo",
            "text": texts.get(RefundState(row.state), gettext("Refund under way: %(money)s"))
            % {"money": money(store, row.amount)},
            "small": " · ".join(filter(None, [row.bill.table_name, row.payment.method, row.reason])),
            "link": _link("admin:payments_refund_changelist"),
            "button": gettext("Look"),
        }
        for row in reports.open_refunds(store)
    ]


def _dead_letter_tasks(store: Store, there: Iterable[str]) -> list[dict[str, Any]]:
    found = reports.dead_letters(store, there)
    if found.newest is None:
        return []
    count = ngettext("%(n)s step did not happen", "%(n)s steps did not happen", found.number)
    subjects = subjects_of([found.newest.event])
    return [
        {
            "kind": "bad",
            "icon": "monitoring",
            "text": count % {"n": found.number},
            "small": meaning_of(found.newest.handler).of(subjects.get(found.newest.event_id, "")),
            "link": _link("admin:queue"),
            "button": gettext("Look"),
        }
    ]


def _printer_tasks(store: Store) -> list[dict[str, Any]]:
    silent = reports.silent_printers(store)
    text = ngettext("%(n)s printer does not print", "%(n)s printers do not print", len(silent))
    return _out_of_order(silent, text, "print_disabled", "admin:notifications_printer_changelist")


def _webhook_tasks(store: Store) -> list[dict[str, Any]]:
    stopped = reports.stopped_addresses(store)
    text = ngettext(
        "%(n)s webhook address does not answer", "%(n)s webhook addresses do not answer", len(stopped)
    )
    return _out_of_order(stopped, text, "webhook", "admin:notifications_webhookaddress_changelist")


def _out_of_order(names: list[str], text: str, icon: str, page: str) -> list[dict[str, Any]]:
    """Things of the same kind that do not do their work; nothing when all do."""
    if not names:
        return []
    return [
        {
            "kind": "bad",
            "icon": icon,
            "text": text % {"n": len(names)},
            "small": ", ".join(names[:3]),
            "link": _link(page),
            "button": gettext("Look"),
        }
    ]


def _review_tasks(store: Store) -> list[dict[str, Any]]:
    count = reports.payments_to_review(store)
    if not count:
        return []
    text = ngettext("%(n)s payment needs a look", "%(n)s payments need a look", count)
    return [
        {
            "kind": "bad",
            "icon": "credit_card",
            "text": text % {"n": count},
            "small": "",
            "link": _link("admin:payments_payment_changelist", "?state__exact=review"),
            "button": gettext("Look"),
        }
    ]


def _sold_out_tasks(store: Store, items: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    gone = [items[str(key)] for key in reports.sold_out_items(store) if str(key) in items]
    if not gone:
        return []
    text = ngettext("%(n)s dish sold out", "%(n)s dishes sold out", len(gone)) % {"n": len(gone)}
    return [
        {
            "kind": "warn",
            "icon": "warning",
            "text": text,
            "small": ", ".join(item_name(store, item) for item in gone[:3]),
            "link": _link("admin:menus_item_changelist"),
            "button": gettext("Look"),
        }
    ]


def _unpaid_tasks(store: Store) -> list[dict[str, Any]]:
    count, amount = reports.unpaid(store)
    if not count:
        return []
    text = ngettext("%(n)s order not paid yet", "%(n)s orders not paid yet", count) % {"n": count}
    return [
        {
            "kind": "warn",
            "icon": "hourglass_top",
            "text": text,
            "small": money(store, amount),
            "link": _link("admin:orders_order_changelist", "?status__exact=awaiting_payment"),
            "button": gettext("Look"),
        }
    ]
