"""Stores and their gateway accounts."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.conf import settings

from events.kernel.databases import atomic
from events.kernel.versions import may_save
from payments.gateways.registry import offered
from payments.gateways.sandbox import keys
from payments.models import GatewayAccount, Mode, StoreSnapshot


def save_store_snapshot(
    *, store_id: UUID, version_number: int, snapshot: Mapping[str, Any], over: int | None = None
) -> bool:
    """Remembers the store unless a newer version is known, and gives a new store its default gateways.

    A rebuild overwrites all up to version `over`.
    """
    with atomic("payments"):
        known = StoreSnapshot.objects.select_for_update().filter(pk=store_id).first()
        if not may_save(known, version_number, over):
            return False
        StoreSnapshot.objects.update_or_create(
            store_id=store_id, defaults={"version_number": version_number, "data": snapshot}
        )
        ensure_default_accounts(store_id)
        return True


def ensure_default_accounts(store_id: UUID) -> None:
    """The counter, and the sandbox wallet where test mode offers it. Never changes what is there."""
    with atomic("payments"):
        mode = Mode.TEST if settings.TEST_MODE else Mode.LIVE
        if "sandbox" in offered():
            _ensure_sandbox(store_id)
        GatewayAccount.objects.get_or_create(
            store_id=store_id, gateway="counter", mode=mode, defaults={"position": 9}
        )


def _ensure_sandbox(store_id: UUID) -> None:
    merchant_id = f"m_{store_id.hex}"
    account = GatewayAccount(store_id=store_id, gateway="sandbox", mode=Mode.TEST, merchant_id=merchant_id)
    account.set_credentials({"api_key": keys.api_key(merchant_id)})
    account.add_webhook_secret(keys.webhook_secret(merchant_id))
    GatewayAccount.objects.bulk_create([account], ignore_conflicts=True)
