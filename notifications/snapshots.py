"""The copy of the store's settings that notifications keep, beside its owner."""

from django.utils.translation import gettext_lazy as _

from events.snapshots import store_settings_keeper
from notifications.models import StoreSnapshot
from notifications.services import save_store_snapshot

store_settings_keeper(
    "notifications.store",
    _("Store settings for alarms"),
    _("Names, languages and minutes for alarms."),
    StoreSnapshot,
    save_store_snapshot,
)
