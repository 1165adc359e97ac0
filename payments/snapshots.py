"""The copy of the store's settings that payments keep, beside its owner."""

from django.utils.translation import gettext_lazy as _

from events.snapshots import store_settings_keeper
from payments.models import StoreSnapshot
from payments.services.accounts import save_store_snapshot

store_settings_keeper(
    "payments.store",
    _("Store settings at the cash desk"),
    _("Currency, tax and name on bills."),
    StoreSnapshot,
    save_store_snapshot,
)
