"""Facts for owners: what was published, and the steps that followed."""

import json
from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from events.admin.rows import BoundedPaginator, KnownFilter, local_time, step_link, story_link
from events.base import DomainEvent
from events.kernel.backoffice import ReadOnlyAdmin, ScopedTabularInline, StoreScopedAdmin
from events.kernel.database_admin import PerDatabaseAdmin, PerDatabaseInline
from events.kernel.database_choice import databases, is_split
from events.meanings import plain_error
from events.models import Delivery, Event
from events.timeline import words_of


class TopicFilter(KnownFilter):
    title = _("event")
    parameter_name = "topic"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        known = {topic: str(words_of(topic).text) for topic, _version in DomainEvent.types}
        return sorted(known.items(), key=lambda each: each[1])


class DeliveryInline(PerDatabaseInline, ReadOnlyAdmin, ScopedTabularInline):
    model = Delivery
    fields = ("step", "state", "tries", "problem")
    readonly_fields = fields
    can_delete = False
    verbose_name_plural = _("Steps")

    def _allowed(self, request: HttpRequest, obj: Any, *, edit: bool) -> bool:
        return ScopedTabularInline._allowed(self, request, obj, edit=edit)

    @display(description=_("step"))
    def step(self, row: Delivery) -> SafeString:
        return step_link(row.handler, row.pk, row._state.db)

    @display(description=_("status"))
    def state(self, row: Delivery) -> str:
        return row.get_status_display()

    @display(description=_("attempts"))
    def tries(self, row: Delivery) -> int:
        return row.attempts

    @display(description=_("problem"))
    def problem(self, row: Delivery) -> str:
        return str(plain_error(row.last_error))


@admin.register(Event)
class EventAdmin(PerDatabaseAdmin, ReadOnlyAdmin, StoreScopedAdmin):
    """Facts, as they were published."""

    list_display = ("what", "stream_number", "moment")
    list_filter = (TopicFilter, "occurred_at")
    paginator = BoundedPaginator
    search_fields = ("id", "stream", "correlation_id")
    date_hierarchy = None
    ordering = ("-occurred_at",)
    show_full_result_count = False
    inlines = (DeliveryInline,)
    fields = ("what", "topic", "moment", "stream_number", "story", "caused_by", "again", "pretty_payload")
    readonly_fields = (*fields, "elsewhere")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        fields = super().get_fields(request, obj)
        return [*fields, "elsewhere"] if is_split() else fields

    @display(description=_("steps in other databases"))
    def elsewhere(self, row: Event) -> SafeString:
        others = [alias for alias in databases() if alias != row._state.db]
        steps = [step for alias in others for step in Delivery.objects.using(alias).filter(event_id=row.pk)]
        told = [
            (step_link(step.handler, step.pk, step._state.db), step.get_status_display()) for step in steps
        ]
        return format_html_join("", "<div>{} · {}</div>", told)

    @display(description=_("what"), ordering="topic")
    def what(self, row: Event) -> str:
        return str(words_of(row.topic).text)

    @display(description=_("happened"), ordering="occurred_at")
    def moment(self, row: Event) -> str:
        return local_time(row.occurred_at)

    @display(description=_("stream"))
    def stream_number(self, row: Event) -> str:
        kind, _colon, key = row.stream.partition(":")
        return f"{kind} {key[-6:]} #{row.seq}"

    @display(description=_("timeline"))
    def story(self, row: Event) -> SafeString:
        return format_html(
            '<a class="hs-link" href="{}">{}</a>',
            story_link(row.correlation_id),
            gettext("Everything that belongs to it"),
        )

    @display(description=_("caused by"))
    def caused_by(self, row: Event) -> str | SafeString:
        if row.causation_id is None:
            return gettext("a person")
        url = reverse("admin:events_event_change", args=[row.causation_id])
        return format_html('<a class="hs-link" href="{}">{}</a>', url, gettext("an earlier event"))

    @display(description=_("once more"))
    def again(self, row: Event) -> SafeString:
        page = reverse("admin:queue_act")
        links = (
            (f"{page}?action=replay&event={row.pk}", gettext("Replay this event")),
            (f"{page}?action=replay&stream={row.stream}", gettext("Replay its whole stream")),
        )
        return format_html_join(" · ", '<a class="hs-link" href="{}">{}</a>', links)

    @display(description=_("content"))
    def pretty_payload(self, row: Event) -> SafeString:
        text = json.dumps(row.payload, ensure_ascii=False, indent=2)
        return format_html('<pre class="hs-json">{}</pre>', text)
