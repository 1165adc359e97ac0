"""Where money comes in, and what gateways told us."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from events.kernel.backoffice import OWNERS, ReadOnlyAdmin, StoreScopedAdmin
from payments.models import GatewayAccount, GatewayEvent


@admin.register(GatewayAccount)
class GatewayAccountAdmin(ReadOnlyAdmin, StoreScopedAdmin):
    """Where the money goes. Secrets are never shown."""

    roles = OWNERS
    list_display = ("gateway", "mode", "enabled", "merchant_id")
    list_filter = ("gateway", "mode")
    search_fields = ("merchant_id",)
    ordering = ("position", "gateway")
    fields = readonly_fields = (
        "gateway",
        "mode",
        "enabled",
        "merchant_id",
        "hook_address",
        "secret_count",
        "created_at",
    )

    @display(description=_("webhook address"))
    def hook_address(self, row: GatewayAccount) -> str:
        return f"/hooks/{row.gateway}/{row.hook_slug}/"

    @display(description=_("webhook secrets"))
    def secret_count(self, row: GatewayAccount) -> int:
        return len(row.webhook_secrets)


@admin.register(GatewayEvent)
class GatewayEventAdmin(ReadOnlyAdmin, StoreScopedAdmin):
    """What gateways told us, word for word."""

    store_field = "account__store_id"
    list_display = ("received_at", "kind", "merchant_ref", "processed_at", "note")
    list_filter = ("kind", "received_at")
    search_fields = ("merchant_ref", "dedupe_key")
    ordering = ("-received_at",)
    list_select_related = ("account",)
    show_full_result_count = False
    fields = readonly_fields = (
        "received_at",
        "account",
        "kind",
        "merchant_ref",
        "dedupe_key",
        "processed_at",
        "note",
        "body",
    )
