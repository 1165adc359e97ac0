"""What somebody did to the queue, and why."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from events.admin.rows import local_time, step_link
from events.kernel.backoffice import ReadOnlyAdmin, StoreScopedAdmin
from events.kernel.database_admin import PerDatabaseAdmin, alias_asked
from events.kernel.database_choice import database_name
from events.meanings import ACTION_NAMES, meaning_of, plain_error
from events.models import DeliveryStatus, Intervention

_ASKED = {
    "handler": _("step"),
    "to": _("to the step"),
    "context": _("part of the system"),
    "error": _("problem"),
    "stream": _("stream"),
    "event_id": _("event"),
    "correlation_id": _("timeline"),
    "since": _("since"),
    "until": _("until"),
    "statuses": _("status"),
    "database": _("database"),
}


def _plain(key: str, value: Any) -> str:
    """A value of a selection (`Selection.as_json`) as its reader says it."""
    if key in ("handler", "to"):
        return str(meaning_of(value).what)
    if key in ("since", "until"):
        return local_time(datetime.fromisoformat(value))
    if key == "statuses":
        return ", ".join(str(DeliveryStatus(each).label) for each in value)
    if key == "error":
        return str(plain_error(value))
    return database_name(value) if key == "database" else str(value)


@admin.register(Intervention)
class InterventionAdmin(PerDatabaseAdmin, ReadOnlyAdmin, StoreScopedAdmin):
    """Who did what to the queue, and why. What concerns every store (a pause) is shown to all."""

    list_display = ("what", "who", "why", "at")
    list_filter = ("action", "created_at")
    search_fields = ("actor_name", "reason")
    ordering = ("-created_at",)
    show_full_result_count = False
    fields = ("what", "who", "why", "at", "asked", "also_released", "steps")
    readonly_fields = fields

    def _allowed(self, request: HttpRequest, obj: Any, *, edit: bool) -> bool:
        is_general = isinstance(obj, Intervention) and obj.store_id is None
        return super()._allowed(request, None if is_general else obj, edit=edit)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Intervention]:
        rows: QuerySet[Intervention] = admin.ModelAdmin.get_queryset(self, request)
        return rows.using(alias_asked(request)).filter(
            Q(store_id=None) | Q(store_id__in=list(self.stores_for(request)))
        )

    @display(description=_("what"))
    def what(self, row: Intervention) -> str:
        name = ACTION_NAMES.get(row.action, row.action)
        handler = row.selection.get("handler")
        parts = [name, meaning_of(handler).what if handler else "", row.affected or ""]
        return " · ".join(str(part) for part in parts if part)

    @display(description=_("who"))
    def who(self, row: Intervention) -> str:
        return row.actor_name

    @display(description=_("why"))
    def why(self, row: Intervention) -> str:
        return row.reason

    @display(description=_("when"), ordering="created_at")
    def at(self, row: Intervention) -> str:
        return local_time(row.created_at)

    @display(description=_("what was asked for"))
    def asked(self, row: Intervention) -> str:
        said = [f"{_ASKED.get(key, key)}: {_plain(key, value)}" for key, value in row.selection.items()]
        return ", ".join(said) or gettext("picked by hand")

    @display(description=_("went on because of it"))
    def also_released(self, row: Intervention) -> int:
        return row.released

    @display(description=_("steps"))
    def steps(self, row: Intervention) -> SafeString:
        links = [(step_link(each["handler"], each["id"], row._state.db),) for each in row.deliveries[:100]]
        return format_html_join("", "<div>{}</div>", links)
