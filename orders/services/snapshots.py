"""Keeps what others told: stores, tables, codes, menus, what is sold out. An older version is ignored."""

from typing import Any
from uuid import UUID

from events.kernel.databases import atomic
from events.kernel.hints import hint
from orders.models import MenuSnapshot, SoldOut, StoreSnapshot, Tab, TableSnapshot, TableTokenSnapshot
from orders.storefront import touch_store


def save_store(*, store_id: UUID, version_number: int, snapshot: dict[str, Any]) -> None:
    """Remembers a store's settings (shape: stores.events.StoreChanged)."""
    with atomic("orders"):
        known = StoreSnapshot.objects.select_for_update().filter(store_id=store_id).first()
        if known is not None and known.version_number >= version_number:
            return
        StoreSnapshot.objects.update_or_create(
            store_id=store_id,
            defaults={"slug": snapshot["slug"], "version_number": version_number, "data": snapshot},
        )
        _show_to_guests(store_id)


def save_table(*, store_id: UUID, table_id: UUID, version_number: int, snapshot: dict[str, Any]) -> None:
    """Remembers a table and its codes (shape: stores.events.TableChanged)."""
    with atomic("orders"):
        known = TableSnapshot.objects.select_for_update().filter(table_id=table_id).first()
        if known is not None and known.version_number >= version_number:
            return
        TableSnapshot.objects.update_or_create(
            table_id=table_id,
            defaults={"store_id": store_id, "version_number": version_number, "data": snapshot},
        )
        _save_tokens(store_id, table_id, [snapshot["token"]], revoked=False)
        _save_tokens(store_id, table_id, snapshot.get("revoked_tokens", []), revoked=True)
        _show_to_staff(store_id)


def retire_table(*, store_id: UUID, table_id: UUID, version_number: int, tokens: list[str]) -> None:
    """A table is gone; its codes say so."""
    with atomic("orders"):
        known = TableSnapshot.objects.select_for_update().filter(table_id=table_id).first()
        data = known.data if known is not None else {}
        TableSnapshot.objects.update_or_create(
            table_id=table_id,
            defaults={
                "store_id": store_id,
                "version_number": version_number,
                "data": data,
                "retired": True,
            },
        )
        _save_tokens(store_id, table_id, tokens, revoked=True)
        _show_to_staff(store_id)


def save_menu(*, store_id: UUID, version_number: int, document: dict[str, Any]) -> None:
    """Remembers a published menu; earlier ones stay for phones that still show them."""
    with atomic("orders"):
        _, is_new = MenuSnapshot.objects.get_or_create(
            store_id=store_id, version_number=version_number, defaults={"document": document}
        )
        if is_new:
            _show_to_guests(store_id)


def mark_sold_out(*, store_id: UUID, item_id: UUID, option_id: UUID | None) -> None:
    """An item or option cannot be had."""
    with atomic("orders"):
        SoldOut.objects.get_or_create(store_id=store_id, item_id=item_id, option_id=option_id)
        _show_to_guests(store_id)


def mark_restocked(*, store_id: UUID, item_id: UUID, option_id: UUID | None) -> None:
    """An item or option can be had again."""
    with atomic("orders"):
        SoldOut.objects.filter(store_id=store_id, item_id=item_id, option_id=option_id).delete()
        _show_to_guests(store_id)


def _save_tokens(store_id: UUID, table_id: UUID, tokens: list[str], *, revoked: bool) -> None:
    rows = [
        TableTokenSnapshot(token=token, table_id=table_id, store_id=store_id, revoked=revoked)
        for token in tokens
    ]
    TableTokenSnapshot.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["token"],
        update_fields=["table_id", "store_id", "revoked"],
    )


def _show_to_staff(store_id: UUID) -> None:
    touch_store(store_id)
    hint("orders", f"store.{store_id}", {"topic": "board"})


def _show_to_guests(store_id: UUID) -> None:
    """Every open phone of the store looks again."""
    _show_to_staff(store_id)
    open_tabs = Tab.objects.filter(store_id=store_id, closed_at=None).values_list("pk", flat=True)
    for tab_id in open_tabs:
        hint("orders", f"tab.{tab_id}", {"topic": "menu"})
