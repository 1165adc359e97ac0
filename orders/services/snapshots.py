"""Keeps what others told: stores, tables, codes, menus, what is sold out. An older version is ignored.

A rebuild passes `over`: all up to that version is overwritten, also the same one.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from events.kernel.databases import atomic
from events.kernel.hints import hint
from events.kernel.versions import may_save
from orders.models import (
    MenuSnapshot,
    SoldOut,
    StockMark,
    StoreSnapshot,
    Tab,
    TableSnapshot,
    TableTokenSnapshot,
)
from orders.services.announce import hint_board
from orders.storefront import touch_store


def save_store(
    *, store_id: UUID, version_number: int, snapshot: Mapping[str, Any], over: int | None = None
) -> None:
    """Remembers a store's settings (shape: stores.events.StoreSettings)."""
    with atomic("orders"):
        known = StoreSnapshot.objects.select_for_update().filter(store_id=store_id).first()
        if not may_save(known, version_number, over):
            return
        StoreSnapshot.objects.update_or_create(
            store_id=store_id,
            defaults={"slug": snapshot["slug"], "version_number": version_number, "data": snapshot},
        )
        _show_to_guests(store_id)


def save_table(
    *,
    store_id: UUID,
    table_id: UUID,
    version_number: int,
    snapshot: Mapping[str, Any],
    over: int | None = None,
) -> None:
    """Remembers a table and its codes (shape: stores.events.TablePlace)."""
    with atomic("orders"):
        known = TableSnapshot.objects.select_for_update().filter(table_id=table_id).first()
        if not may_save(known, version_number, over):
            return
        TableSnapshot.objects.update_or_create(
            table_id=table_id,
            defaults={
                "store_id": store_id,
                "version_number": version_number,
                "data": snapshot,
                "retired": False,
            },
        )
        _save_tokens(store_id, table_id, [snapshot["token"]], revoked=False)
        _save_tokens(store_id, table_id, snapshot.get("revoked_tokens", []), revoked=True)
        _show_to_staff(store_id)


def retire_table(
    *, store_id: UUID, table_id: UUID, version_number: int, tokens: list[str], over: int | None = None
) -> None:
    """A table is gone; its codes say so."""
    with atomic("orders"):
        known = TableSnapshot.objects.select_for_update().filter(table_id=table_id).first()
        if not may_save(known, version_number, over):
            return
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


def save_menu(
    *, store_id: UUID, version_number: int, document: Mapping[str, Any], again: bool = False
) -> None:
    """Remembers a published menu; earlier ones stay for phones that still show them.

    `document`: menus.events.MenuDocument. A version never changes once it is published; `again` puts a
    damaged one right.
    """
    with atomic("orders"):
        row, is_new = MenuSnapshot.objects.get_or_create(
            store_id=store_id, version_number=version_number, defaults={"document": document}
        )
        if again and not is_new and row.document != document:
            row.document, is_new = document, True
            row.save(update_fields=["document"])
        if is_new:
            _show_to_guests(store_id)


def mark_sold_out(*, store_id: UUID, item_id: UUID, option_id: UUID | None, seq: int | None = None) -> None:
    """An item or option cannot be had. `seq`: the fact's number in its stream; an older one is ignored."""
    with atomic("orders"):
        if _is_news(store_id, item_id, option_id, seq):
            SoldOut.objects.get_or_create(store_id=store_id, item_id=item_id, option_id=option_id)
            _show_to_guests(store_id)


def mark_restocked(*, store_id: UUID, item_id: UUID, option_id: UUID | None, seq: int | None = None) -> None:
    """An item or option can be had again. `seq` as for `mark_sold_out`."""
    with atomic("orders"):
        if _is_news(store_id, item_id, option_id, seq):
            SoldOut.objects.filter(store_id=store_id, item_id=item_id, option_id=option_id).delete()
            _show_to_guests(store_id)


def _is_news(store_id: UUID, item_id: UUID, option_id: UUID | None, seq: int | None) -> bool:
    """Whether nothing later is known: "sold out" and "there again" have a handler each, and one may lag."""
    if seq is None:
        return True
    key = {"store_id": store_id, "item_id": item_id, "option_id": option_id}
    mark, is_new = StockMark.objects.select_for_update().get_or_create(**key, defaults={"seq": seq})
    if not is_new and mark.seq > seq:
        return False
    mark.seq = seq
    mark.save(update_fields=["seq"])
    return True


def forget_table(*, store_id: UUID, table_id: UUID, over: int | None) -> None:
    """Takes out of use what its owner never had. A version newer than `over` stays."""
    with atomic("orders"):
        rows = TableSnapshot.objects.filter(store_id=store_id, table_id=table_id)
        if over is not None:
            rows = rows.filter(version_number__lte=over)
        if rows.delete()[0]:
            _show_to_staff(store_id)


def forget_code(*, store_id: UUID, token: str) -> None:
    """A code that its owner never gave out leads nowhere."""
    with atomic("orders"):
        TableTokenSnapshot.objects.filter(store_id=store_id, token=token).delete()
        _show_to_staff(store_id)


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
    hint_board(store_id)


def _show_to_guests(store_id: UUID) -> None:
    """Every open phone of the store looks again."""
    _show_to_staff(store_id)
    open_tabs = Tab.objects.filter(store_id=store_id, closed_at=None).values_list("pk", flat=True)
    for tab_id in open_tabs:
        hint("orders", f"tab.{tab_id}", {"topic": "menu"})
