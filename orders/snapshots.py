"""The copies that orders keep: stores, tables, codes, menus, what is sold out."""

from typing import Any
from uuid import UUID

from django.utils.translation import gettext as __
from django.utils.translation import gettext_lazy as _

from events.snapshots import Keeper, Repair, Row, keeper, plain, store_settings_keeper
from orders import services
from orders.models import MenuSnapshot, SoldOut, StoreSnapshot, TableSnapshot, TableTokenSnapshot

VERSIONS_COMPARED = 20  # as many as the owner tells
RETIRED = {"retired": True}

# --- Stores ----------------------------------------------------------------------------------------------


store_settings_keeper(
    "orders.store",
    _("Store settings on the guest page"),
    _("Names, opening hours, languages and how guests pay."),
    StoreSnapshot,
    services.save_store,
)

# --- Tables and their codes ------------------------------------------------------------------------------


def _tables_held(store_id: UUID) -> list[Row]:
    return [
        Row(str(row.pk), str(row), row.version_number, RETIRED if row.retired else row.data)
        for row in TableSnapshot.objects.filter(store_id=store_id)
    ]


def _tables_told(event: Any) -> list[Row]:
    told = plain(event)
    data = told.get("snapshot", RETIRED)
    return [Row(told["table_id"], str(data.get("name", "")), event.version_number, data)]


def _codes_held(store_id: UUID) -> list[Row]:
    return [
        Row(row.token, _hint(row.token), None, {"table": str(row.table_id), "revoked": row.revoked})
        for row in TableTokenSnapshot.objects.filter(store_id=store_id)
    ]


def _codes_told(event: Any) -> list[Row]:
    told = plain(event)
    place = told.get("snapshot", {"token": "", "revoked_tokens": told.get("tokens", [])})
    codes = [(place["token"], False)] if place["token"] else []
    codes += [(token, True) for token in place.get("revoked_tokens", [])]
    return [
        Row(token, _hint(token), None, {"table": told["table_id"], "revoked": revoked})
        for token, revoked in codes
    ]


def _hint(token: str) -> str:
    return f"{token[:4]}…"  # whoever reads the page needs no key to the table


def _save_table(event: Any, repair: Repair) -> None:
    told = plain(event)
    # Codes have no version of their own: what may be overwritten is the table as it was told.
    over = event.version_number if repair.over is None else repair.over
    place = {"store_id": event.store_id, "table_id": event.table_id, "version_number": event.version_number}
    if "snapshot" in told:
        services.save_table(**place, snapshot=told["snapshot"], over=over)
    else:
        services.retire_table(**place, tokens=told["tokens"], over=over)


def _forget_table(store_id: UUID, row: Row, repair: Repair) -> None:
    services.forget_table(store_id=store_id, table_id=UUID(row.key), over=repair.over)


def _forget_code(store_id: UUID, row: Row, repair: Repair) -> None:
    services.forget_code(store_id=store_id, token=row.key)


keeper(
    Keeper(
        "orders.tables",
        _("Tables on the floor plan"),
        _("Names, seats and places of the tables."),
        "stores.tables",
        _tables_held,
        _tables_told,
        _save_table,
        _forget_table,
    )
)
keeper(
    Keeper(
        "orders.table_codes",
        _("Codes on the tables"),
        _("Which printed code leads to which table, and which no longer does."),
        "stores.tables",
        _codes_held,
        _codes_told,
        _save_table,
        _forget_code,
    )
)

# --- Menus -----------------------------------------------------------------------------------------------


def _menus_held(store_id: UUID) -> list[Row]:
    newest = MenuSnapshot.objects.filter(store_id=store_id).order_by("-version_number")[:VERSIONS_COMPARED]
    return [_menu_row(row.version_number, row.document) for row in newest]


def _menus_told(event: Any) -> list[Row]:
    return [_menu_row(event.version_number, plain(event)["document"])]


def _menu_row(version: int, document: Any) -> Row:
    return Row(str(version), __("version %(number)d") % {"number": version}, version, document)


def _save_menu(event: Any, repair: Repair) -> None:
    services.save_menu(
        store_id=event.store_id,
        version_number=event.version_number,
        document=plain(event)["document"],
        again=True,
    )


keeper(
    Keeper(
        "orders.menus",
        _("Menu on the guest page"),
        _("The published menus that guests see and orders are priced by."),
        "menus.versions",
        _menus_held,
        _menus_told,
        _save_menu,
    )
)

# --- Sold out --------------------------------------------------------------------------------------------


def _sold_out_held(store_id: UUID) -> list[Row]:
    names = _item_names(store_id)
    rows = SoldOut.objects.filter(store_id=store_id)
    return [_sold_out_row(str(row.item_id), row.option_id, names) for row in rows]


def _sold_out_told(event: Any) -> list[Row]:
    return [_sold_out_row(str(event.item_id), event.option_id, _item_names(event.store_id))]


def _sold_out_row(item_id: str, option_id: UUID | None, names: dict[str, str]) -> Row:
    own = names.get(item_id, item_id)
    name = f"{own}: {names.get(str(option_id), option_id)}" if option_id else own
    return Row(f"{item_id}:{option_id or ''}", name, None, True)


def _item_names(store_id: UUID) -> dict[str, str]:
    newest = MenuSnapshot.objects.filter(store_id=store_id).order_by("-version_number").first()
    sections = newest.document.get("sections", []) if newest else []
    found = {}
    for item in (item for section in sections for item in section["items"]):
        found[item["id"]] = item["name"]
        for group in item.get("option_groups", []):
            found.update({option["id"]: option["name"] for option in group["options"]})
    return found


def _save_sold_out(event: Any, repair: Repair) -> None:
    services.mark_sold_out(
        store_id=event.store_id, item_id=event.item_id, option_id=event.option_id, seq=repair.position
    )


def _forget_sold_out(store_id: UUID, row: Row, repair: Repair) -> None:
    item_id, _colon, option_id = row.key.partition(":")
    services.mark_restocked(
        store_id=store_id,
        item_id=UUID(item_id),
        option_id=UUID(option_id) if option_id else None,
        seq=repair.position,
    )


keeper(
    Keeper(
        "orders.sold_out",
        _("Sold out on the guest page"),
        _("Dishes and options that guests cannot order now."),
        "menus.sold_out",
        _sold_out_held,
        _sold_out_told,
        _save_sold_out,
        _forget_sold_out,
    )
)
