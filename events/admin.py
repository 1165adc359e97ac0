"""The event queue for owners: what happened, what waits, what died, and what somebody did about it."""

import json
from collections.abc import Iterable
from functools import cached_property
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.contrib.admin import helpers
from django.core.paginator import Paginator
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from events import operations
from events.base import DomainEvent
from events.confirmation import ACTION_NAMES, confirm
from events.kernel.backoffice import ReadOnlyAdmin, ScopedTabularInline, StoreScopedAdmin
from events.kernel.placed_admin import PlacedAdmin, PlacedInline, place_of
from events.kernel.places import is_split, placed, places
from events.meanings import meaning_of, plain_error, subjects_of
from events.models import Delivery, DeliveryStatus, Event, Intervention, PausedHandler
from events.registry import all_handlers, contexts_with_handlers

STATUS_COLORS = {
    DeliveryStatus.PENDING: "info",
    DeliveryStatus.RUNNING: "info",
    DeliveryStatus.DONE: "success",
    DeliveryStatus.DEAD: "danger",
    DeliveryStatus.HELD: "warning",
    DeliveryStatus.DISCARDED: "",
}
_PAUSED = -1  # not a status: it waits because its step is paused
_LABELS: dict[int, str] = {
    **{int(status): color for status, color in STATUS_COLORS.items()},
    _PAUSED: "warning",
}
COUNTED = 10_000


class BoundedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts no further than a person turns pages: a million rows take longer to count than to show."""

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return int(rows.order_by()[:COUNTED].count())


class _KnownFilter(admin.SimpleListFilter):
    """Offers what the code knows instead of asking the table for every distinct value."""

    def queryset(self, request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        return rows.filter(**{str(self.parameter_name): self.value()}) if self.value() else rows


class HandlerFilter(_KnownFilter):
    title = _("step")
    parameter_name = "handler"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        known = [(each.name, str(meaning_of(each.name).what)) for each in all_handlers()]
        asked = request.GET.get("handler", "")
        if asked and asked not in dict(known):  # a step that is gone still has its rows
            known.append((asked, asked))
        return sorted(known, key=lambda each: each[1])


class ContextFilter(_KnownFilter):
    title = _("part of the system")
    parameter_name = "context"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return [(name, name) for name in contexts_with_handlers()]


class TopicFilter(_KnownFilter):
    title = _("event")
    parameter_name = "topic"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return [(name, name) for name in sorted({topic for topic, _version in DomainEvent.types})]


def story_link(correlation_id: UUID) -> str:
    """The page that tells everything of one story in the order of time."""
    return reverse("admin:story", args=[correlation_id])


def step_link(handler: str, pk: Any, alias: str | None) -> SafeString:
    """The page of a delivery, by the words for what it does."""
    url = placed(reverse("admin:events_delivery_change", args=[pk]), alias)
    return format_html('<a class="hs-link" href="{}">{}</a>', url, meaning_of(handler).what)


class DeliveryInline(PlacedInline, ReadOnlyAdmin, ScopedTabularInline):
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
class EventAdmin(PlacedAdmin, ReadOnlyAdmin, StoreScopedAdmin):
    """Facts, as they were published."""

    list_display = ("topic", "stream_number", "moment")
    list_filter = (TopicFilter, "occurred_at")
    paginator = BoundedPaginator
    search_fields = ("id", "stream", "correlation_id")
    date_hierarchy = None
    ordering = ("-occurred_at",)
    show_full_result_count = False
    inlines = (DeliveryInline,)
    fields = ("topic", "moment", "stream_number", "story", "caused_by", "again", "pretty_payload")
    readonly_fields = (*fields, "elsewhere")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        fields = super().get_fields(request, obj)
        return [*fields, "elsewhere"] if is_split() else fields

    @display(description=_("steps in other databases"))
    def elsewhere(self, row: Event) -> SafeString:
        others = [alias for alias in places() if alias != row._state.db]
        steps = [step for alias in others for step in Delivery.objects.using(alias).filter(event_id=row.pk)]
        told = [
            (step_link(step.handler, step.pk, step._state.db), step.get_status_display()) for step in steps
        ]
        return format_html_join("", "<div>{} · {}</div>", told)

    @display(description=_("happened"), ordering="occurred_at")
    def moment(self, row: Event) -> Any:
        return row.occurred_at

    @display(description=_("stream"))
    def stream_number(self, row: Event) -> str:
        kind, _colon, key = row.stream.partition(":")
        return f"{kind} {key[-6:]} #{row.seq}"

    @display(description=_("story"))
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


@admin.register(Delivery)
class DeliveryAdmin(PlacedAdmin, ReadOnlyAdmin, StoreScopedAdmin):
    """One handler's share of a fact, and the three things a person may do about it."""

    store_field = "event__store_id"
    list_display = ("step", "state", "problem", "happened")
    list_filter = ("status", ContextFilter, HandlerFilter)
    paginator = BoundedPaginator
    search_fields = ("handler", "event__correlation_id", "event__id", "stream")
    ordering = ("-pk",)
    list_select_related = ("event",)
    show_full_result_count = False
    actions = ("retry_selected", "replay_selected", "discard_selected")
    actions_detail = ("retry_one", "replay_one", "discard_one")
    fields = (
        "step",
        "effect",
        "status_name",
        "problem",
        "tries",
        "event_link",
        "story",
        "times",
        "remark",
        "trace",
    )
    readonly_fields = fields

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        found: dict[str, Any] = super().get_actions(request)
        found.pop("delete_selected", None)
        return found

    @display(description=_("step"))
    def step(self, row: Delivery) -> str:
        return str(meaning_of(row.handler).what)

    @display(description=_("if it does not happen"))
    def effect(self, row: Delivery) -> str:
        return meaning_of(row.handler).of(subjects_of([row.event]).get(row.event_id, ""))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Delivery]:
        rows: QuerySet[Delivery] = super().get_queryset(request)
        paused = PausedHandler.objects.using(rows.db).filter(handler=OuterRef("handler"))
        return rows.annotate(is_paused=Exists(paused))

    @display(description=_("status"), label=_LABELS)
    def state(self, row: Delivery) -> tuple[int, str]:
        waits = row.status == DeliveryStatus.PENDING and getattr(row, "is_paused", False)
        return _PAUSED if waits else row.status, self.status_name(row)

    @display(description=_("status"))
    def status_name(self, row: Delivery) -> str:
        if row.status == DeliveryStatus.PENDING and getattr(row, "is_paused", False):
            return gettext("held: this step is paused")
        return row.get_status_display()

    @display(description=_("problem"))
    def problem(self, row: Delivery) -> str:
        return str(plain_error(row.last_error))

    @display(description=_("event of"), ordering="event__occurred_at")
    def happened(self, row: Delivery) -> Any:
        return row.event.occurred_at

    @display(description=_("attempts"))
    def tries(self, row: Delivery) -> str:
        text = gettext("%(attempts)s of %(limit)s") % {"attempts": row.attempts, "limit": row.max_attempts}
        return f"{text} · {gettext('replayed')} {row.replays}×" if row.replays else text

    @display(description=_("event"))
    def event_link(self, row: Delivery) -> SafeString:
        url = placed(reverse("admin:events_event_change", args=[row.event_id]), row._state.db)
        return format_html('<a class="hs-link" href="{}">{}</a>', url, row.event)

    @display(description=_("story"))
    def story(self, row: Delivery) -> SafeString:
        url = story_link(row.event.correlation_id)
        return format_html(
            '<a class="hs-link" href="{}">{}</a>', url, gettext("Everything that belongs to it")
        )

    @display(description=_("note"))
    def remark(self, row: Delivery) -> str:
        return row.note

    @display(description=_("times"))
    def times(self, row: Delivery) -> SafeString:
        steps = (
            (gettext("happened"), row.event.occurred_at),
            (gettext("last started"), row.started_at),
            (gettext("finished"), row.done_at),
            (gettext("due"), row.due_at if row.status == DeliveryStatus.PENDING else None),
        )
        known = [(name, f"{timezone.localtime(at):%Y-%m-%d %H:%M:%S}") for name, at in steps if at]
        return format_html_join("", "<div>{} {}</div>", known)

    @display(description=_("for technicians"))
    def trace(self, row: Delivery) -> SafeString:
        return format_html(
            "<details><summary>{}</summary><p>{} · {}</p><pre class='hs-json'>{}</pre></details>",
            gettext("Show the technical report"),
            row.handler,
            row.worker or "–",
            row.last_error or "–",
        )

    @admin.action(description=_("Retry"), permissions=["operate"])
    def retry_selected(self, request: HttpRequest, rows: QuerySet[Delivery]) -> HttpResponse:
        return self._confirm(request, operations.RETRY, rows)

    @admin.action(description=_("Replay"), permissions=["operate"])
    def replay_selected(self, request: HttpRequest, rows: QuerySet[Delivery]) -> HttpResponse:
        return self._confirm(request, operations.REPLAY, rows)

    @admin.action(description=_("Discard"), permissions=["operate"])
    def discard_selected(self, request: HttpRequest, rows: QuerySet[Delivery]) -> HttpResponse:
        return self._confirm(request, operations.DISCARD, rows)

    @action(description=_("Retry"), permissions=["operate"], icon="refresh")
    def retry_one(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._confirm(request, operations.RETRY, self._one(request, object_id))

    @action(description=_("Replay"), permissions=["operate"], icon="replay")
    def replay_one(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._confirm(request, operations.REPLAY, self._one(request, object_id))

    @action(description=_("Discard"), permissions=["operate"], icon="delete")
    def discard_one(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._confirm(request, operations.DISCARD, self._one(request, object_id))

    def _one(self, request: HttpRequest, object_id: str) -> QuerySet[Delivery]:
        row = self.placed_or_404(request, object_id)
        return self.get_queryset(request).filter(pk=row.pk)

    def _confirm(self, request: HttpRequest, name: str, rows: QuerySet[Delivery]) -> HttpResponse:
        hidden = []
        if "action" in request.POST:
            hidden = [(key, request.POST.get(key, "0")) for key in ("action", "select_across")]
        selected = request.POST.getlist(helpers.ACTION_CHECKBOX_NAME)
        hidden += [(helpers.ACTION_CHECKBOX_NAME, pk) for pk in selected]
        return confirm(request, name, rows, back=self.list_url_in(request), hidden=hidden)


@admin.register(Intervention)
class InterventionAdmin(PlacedAdmin, ReadOnlyAdmin, StoreScopedAdmin):
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
        return rows.using(place_of(request)).filter(
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
