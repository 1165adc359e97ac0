"""The copy of the store's settings that notifications keep, beside its owner."""

from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from events.snapshots import Keeper, Repair, Row, keeper, plain
from notifications.models import StoreSnapshot
from notifications.services import save_store_snapshot


def _held(store_id: UUID) -> list[Row]:
    rows = StoreSnapshot.objects.filter(pk=store_id)
    return [Row(str(row.pk), str(row), row.version_number, row.data) for row in rows]


def _rows_of(event: Any) -> list[Row]:
    data = plain(event)["snapshot"]
    return [Row(str(event.store_id), data["name"], event.version_number, data)]


def _save(event: Any, repair: Repair) -> None:
    save_store_snapshot(
        store_id=event.store_id,
        version_number=event.version_number,
        snapshot=plain(event)["snapshot"],
        over=repair.over,
    )


keeper(
    Keeper(
        "notifications.store",
        _("Store settings for alarms"),
        _("Names, languages and minutes for alarms."),
        "stores.store",
        _held,
        _rows_of,
        _save,
    )
)
