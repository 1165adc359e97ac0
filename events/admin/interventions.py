"""What somebody did to the queue, and why."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from events.admin.rows import step_link
from events.confirmation import ACTION_NAMES
from events.kernel.backoffice import ReadOnlyAdmin, StoreScopedAdmin
from events.kernel.database_admin import PerDatabaseAdmin, alias_asked
from events.meanings import meaning_of
from events.models import Intervention


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
    def at(self, row: Intervention) -> Any:
        return row.created_at

    @display(description=_("what was asked for"))
    def asked(self, row: Intervention) -> str:
        said = [f"{key}: {value}" for key, value in row.selection.items()]
        return ", ".join(said) or gettext("picked by hand")

    @display(description=_("went on because of it"))
    def also_released(self, row: Intervention) -> int:
        return row.released

    @display(description=_("steps"))
    def steps(self, row: Intervention) -> SafeString:
        links = [(step_link(each["handler"], each["id"], row._state.db),) for each in row.deliveries[:100]]
        return format_html_join("", "<div>{}</div>", links)
