"""What orders do when other contexts tell them something."""

from events.base import Envelope
from events.registry import subscribe, subscribe_all
from menus.events import ItemRestocked, ItemSoldOut, MenuPublished
from notifications.events import AlarmEscalated
from orders import services
from payments.events import BillPaid, BillReopened
from stores.events import StoreChanged, TableChanged, TableRetired


@subscribe(StoreChanged, name="orders.save_store_snapshot")
def save_store_snapshot(event: StoreChanged, envelope: Envelope) -> None:
    """Guests' pages and the board show the store as it is now."""
    services.save_store(store_id=event.store_id, version_number=event.version_number, snapshot=event.snapshot)


@subscribe(TableChanged, name="orders.save_table_snapshot")
def save_table_snapshot(event: TableChanged, envelope: Envelope) -> None:
    """The table's code leads to it; codes it replaced say so."""
    services.save_table(
        store_id=event.store_id,
        table_id=event.table_id,
        version_number=event.version_number,
        snapshot=event.snapshot,
    )


@subscribe(TableRetired, name="orders.retire_table")
def retire_table(event: TableRetired, envelope: Envelope) -> None:
    """The table leaves the floor and its codes end."""
    services.retire_table(
        store_id=event.store_id,
        table_id=event.table_id,
        version_number=event.version_number,
        tokens=event.tokens,
    )


@subscribe(MenuPublished, name="orders.save_menu_snapshot")
def save_menu_snapshot(event: MenuPublished, envelope: Envelope) -> None:
    """Guests see, and orders are priced by, the new menu."""
    services.save_menu(store_id=event.store_id, version_number=event.version_number, document=event.document)


@subscribe(ItemSoldOut, name="orders.mark_sold_out")
def mark_sold_out(event: ItemSoldOut, envelope: Envelope) -> None:
    """The item disappears from every open page."""
    services.mark_sold_out(
        store_id=event.store_id, item_id=event.item_id, option_id=event.option_id, seq=envelope.seq
    )


@subscribe(ItemRestocked, name="orders.mark_restocked")
def mark_restocked(event: ItemRestocked, envelope: Envelope) -> None:
    """The item is back on every open page."""
    services.mark_restocked(
        store_id=event.store_id, item_id=event.item_id, option_id=event.option_id, seq=envelope.seq
    )


@subscribe(BillPaid, name="orders.submit_paid_order")
def submit_paid_order(event: BillPaid, envelope: Envelope) -> None:
    """A paid order goes to the kitchen. One that ended meanwhile stays: payments give the money back."""
    if event.order_id is not None:
        services.submit_paid_order(order_id=event.order_id, now=envelope.occurred_at)


# One handler for both: what a bill's stream tells is in order within a handler only. Between the bills of
# joined parties the time of the fact decides, as it does when an old one is replayed.
@subscribe_all([BillPaid, BillReopened], name="orders.settle_tab")
def settle_tab(event: BillPaid | BillReopened, envelope: Envelope) -> None:
    """The party has paid all it owes (joined parties: on several bills), or owes something again."""
    if event.order_id is not None:
        return
    if isinstance(event, BillReopened):
        services.reopen_tab(tab_id=event.tab_id, now=envelope.occurred_at)
    elif event.tab_settled:
        total = event.total if event.tab_total is None else event.tab_total
        services.settle_tab(tab_id=event.tab_id, total=total, now=envelope.occurred_at)


@subscribe(AlarmEscalated, name="orders.reject_unanswered_order")
def reject_unanswered_order(event: AlarmEscalated, envelope: Envelope) -> None:
    """Nobody answered the last alarm: the order is refused, so that the guest is not left waiting."""
    if event.final and event.kind == "order_submitted" and event.subject_id is not None:
        services.reject_unanswered_order(order_id=event.subject_id, now=envelope.occurred_at)
