"""Hints to open pages after the commit: which page should look again."""

from uuid import UUID

from events.kernel.hints import hint
from orders.models import Tab


def hint_cart(tab: Tab) -> None:
    """The shared cart is at a new version."""
    hint("orders", f"tab.{tab.pk}", {"topic": "cart", "version": tab.cart_version})


def hint_order(store_id: UUID, tab_id: UUID) -> None:
    """An order changed: the tab's phones and the board look again."""
    hint("orders", f"tab.{tab_id}", {"topic": "order"})
    hint_board(store_id)


def hint_board(store_id: UUID) -> None:
    hint("orders", f"store.{store_id}", {"topic": "board"})
