"""The table's shared cart: each phone writes its own lines, all see them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from events.kernel.databases import atomic
from orders.errors import InvalidLines, TabClosed
from orders.models import CartLine, Guest, Tab
from orders.pricing import MAX_LINES, Choice
from orders.services.announce import hint_cart
from orders.storefront import current_storefront


@dataclass(frozen=True)
class CartEntry:
    """A line as the phone wants it; `line_id` names one it has, None makes a new one."""

    line_id: UUID | None
    choice: Choice


def replace_cart(*, guest_id: UUID, entries: Sequence[CartEntry], now: datetime) -> Tab:
    """Makes the guest's own lines exactly these.

    A line that names an id which is gone was ordered or removed meanwhile: it is dropped, not added again.
    Raises TabClosed; InvalidLines for more than 50 lines or an item that the menu does not have.
    """
    with atomic("orders"):
        guest, tab = lock_guest_tab(guest_id)
        _require_known(tab, entries)
        own = {line.pk: line for line in CartLine.objects.filter(guest=guest)}
        kept = [entry for entry in entries if entry.line_id is None or entry.line_id in own]
        _remove(own, kept)
        _write(tab, guest, own, kept)
        tab.cart_version += 1
        tab.active_at = now
        tab.save(update_fields=["cart_version", "active_at"])
        hint_cart(tab)
    return tab


def lock_guest_tab(guest_id: UUID) -> tuple[Guest, Tab]:
    """The guest and its open tab, the tab locked; raises TabClosed."""
    guest = Guest.objects.select_for_update(of=("tab",)).select_related("tab").filter(pk=guest_id).first()
    if guest is None:
        raise TabClosed()
    guest.tab.require_open()
    return guest, guest.tab


def _require_known(tab: Tab, entries: Sequence[CartEntry]) -> None:
    menu = current_storefront(tab.store_id).menu
    unknown = [
        {"line": index, "code": "unknown-item"}
        for index, entry in enumerate(entries)
        if entry.line_id is None and (menu is None or entry.choice.item_id not in menu.items)
    ]
    if unknown or len(entries) > MAX_LINES:
        raise InvalidLines(errors=unknown or [{"line": MAX_LINES, "code": "too-many"}])


def _remove(own: dict[UUID, CartLine], kept: Sequence[CartEntry]) -> None:
    named = {entry.line_id for entry in kept}
    gone = [pk for pk in own if pk not in named]
    if gone:
        CartLine.objects.filter(pk__in=gone).delete()


def _write(tab: Tab, guest: Guest, own: dict[UUID, CartLine], kept: Sequence[CartEntry]) -> None:
    changed: list[CartLine] = []
    added: list[CartLine] = []
    for entry in kept:
        line = own[entry.line_id] if entry.line_id else CartLine(tab=tab, guest=guest)
        line.item_id = UUID(entry.choice.item_id)
        line.quantity, line.note = entry.choice.quantity, entry.choice.note
        line.options = list(entry.choice.options)
        (changed if entry.line_id else added).append(line)
    CartLine.objects.bulk_update(changed, ["item_id", "quantity", "options", "note"])
    CartLine.objects.bulk_create(added)
