"""What staff were told and how fast they came; the boards' devices. Nothing is changed here."""

import json

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from events.kernel.backoffice import ReadOnlyAdmin, StoreScopedAdmin
from notifications.models import Device, Notification
from notifications.printing import admin as printing  # noqa: F401  registers its pages
from notifications.webhooks import admin as webhooks  # noqa: F401


@admin.register(Notification)
class NotificationAdmin(ReadOnlyAdmin, StoreScopedAdmin):
    list_display = ("created_at", "kind", "audience", "alarm", "acked_by", "seconds_to_take")
    list_filter = ("kind", "alarm")
    date_hierarchy = "created_at"
    ordering = ("-created_at",)
    sortable_by = ("created_at",)
    fields = (
        "created_at",
        "kind",
        "audience",
        "alarm",
        "level",
        "content",
        "acked_at",
        "acked_by",
        "acked_device",
    )

    @admin.display(description=_("content"))
    def content(self, row: Notification) -> str:
        return json.dumps(row.data, ensure_ascii=False, indent=2)

    @admin.display(description=_("seconds until taken"))
    def seconds_to_take(self, row: Notification) -> str:
        seconds = row.seconds_to_take
        return "" if seconds is None or not row.alarm else f"{seconds:.0f}"


@admin.register(Device)
class DeviceAdmin(ReadOnlyAdmin, StoreScopedAdmin):
    list_display = ("user_name", "device", "sound", "wake_lock", "last_seen_at")
    ordering = ("-last_seen_at",)
    sortable_by = ("last_seen_at",)
    fields = list_display
