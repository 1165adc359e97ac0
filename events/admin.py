"""The event queue for owners: what happened, what waits, what died, and what somebody did about it."""

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.contrib.admin import helpers
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminTextareaWidget

from events import operations
from events.kernel.backoffice import ReadOnlyAdmin, ScopedTabularInline, StoreScopedAdmin, actor_of
from events.kernel.errors import DomainError
from events.meanings import meaning_of, plain_error
from events.models import Delivery, DeliveryStatus, Event, Intervention

STATUS_COLORS = {
    DeliveryStatus.PENDING: "info",
    DeliveryStatus.RUNNING: "info",
    DeliveryStatus.DONE: "success",
    DeliveryStatus.DEAD: "danger",
    DeliveryStatus.HELD: "warning",
    DeliveryStatus.DISCARDED: "",
}
ACTION_NAMES = {
    operations.RETRY: _("Retry"),
    operations.DISCARD: _("Discard"),
    operations.REPLAY: _("Replay"),
}
CONSEQUENCES = {
    operations.RETRY: _("Each of these steps is tried again now, with a fresh count of attempts."),
    operations.DISCARD: _("These steps will never happen. What waited behind them goes on."),
    operations.REPLAY: _("Each of these finished steps happens once more. Steps are made to bear that."),
}


def story_link(correlation_id: UUID) -> str:
    """The page that tells everything of one story in the order of time."""
    return reverse("admin:story", args=[correlation_id])


class ReasonForm(forms.Form):
    """Why somebody interferes; the history keeps it."""

    reason = forms.CharField(
        label=_("Why?"), required=False, max_length=500, widget=UnfoldAdminTextareaWidget({"rows": 2})
    )

    def __init__(self, *args: Any, required: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].required = required


class DeliveryInline(ReadOnlyAdmin, ScopedTabularInline):
    model = Delivery
    fields = ("step", "state", "attempts", "problem")
    readonly_fields = fields
    can_delete = False
    show_change_link = True
    verbose_name_plural = _("Steps")

    def _allowed(self, request: HttpRequest, obj: Any, *, edit: bool) -> bool:
        return ScopedTabularInline._allowed(self, request, obj, edit=edit)

    @display(description=_("step"))
    def step(self, row: Delivery) -> str:
        return str(meaning_of(row.handler).what)

    @display(description=_("status"))
    def state(self, row: Delivery) -> str:
        return row.get_status_display()

    @display(description=_("problem"))
    def problem(self, row: Delivery) -> str:
        return str(plain_error(row.last_error))


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin, StoreScopedAdmin):
    """Facts, as they were published."""

    list_display = ("topic", "stream_number", "occurred_at")
    list_filter = ("topic", "occurred_at")
    search_fields = ("id", "stream", "correlation_id")
    date_hierarchy = None
    ordering = ("-occurred_at",)
    show_full_result_count = False
    inlines = (DeliveryInline,)
    fields = ("topic", "occurred_at", "stream_number", "story", "caused_by", "pretty_payload")
    readonly_fields = fields

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

    @display(description=_("content"))
    def pretty_payload(self, row: Event) -> SafeString:
        text = json.dumps(row.payload, ensure_ascii=False, indent=2)
        return format_html('<pre class="hs-json">{}</pre>', text)


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin, StoreScopedAdmin):
    """One handler's share of a fact, and the three things a person may do about it."""

    store_field = "event__store_id"
    list_display = ("step", "state", "problem", "happened")
    list_filter = ("status", "context", "handler")
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
        "note",
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
        return str(meaning_of(row.handler).effect)

    @display(description=_("status"), label={label: STATUS_COLORS[label] for label in DeliveryStatus})
    def state(self, row: Delivery) -> tuple[int, str]:
        return row.status, row.get_status_display()

    @display(description=_("status"))
    def status_name(self, row: Delivery) -> str:
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
        url = reverse("admin:events_event_change", args=[row.event_id])
        return format_html('<a class="hs-link" href="{}">{}</a>', url, row.event)

    @display(description=_("story"))
    def story(self, row: Delivery) -> SafeString:
        url = story_link(row.event.correlation_id)
        return format_html(
            '<a class="hs-link" href="{}">{}</a>', url, gettext("Everything that belongs to it")
        )

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
        row = self.object_or_404(request, object_id)
        return self.get_queryset(request).filter(pk=row.pk)

    def _confirm(self, request: HttpRequest, name: str, rows: QuerySet[Delivery]) -> HttpResponse:
        """Shows what would happen; only the POST of that page's own button does it."""
        is_confirmed = request.method == "POST" and "confirmed" in request.POST
        form = ReasonForm(request.POST if is_confirmed else None, required=name == operations.DISCARD)
        if is_confirmed and form.is_valid():
            self._perform(request, name, rows, form.cleaned_data["reason"])
            return HttpResponseRedirect(self.list_url())
        agenda = operations.plan(name, rows)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": ACTION_NAMES[name],
            "consequence": CONSEQUENCES[name],
            "affected": [(meaning_of(row.handler).what, row) for row in agenda.affected],
            "skipped": [(meaning_of(row.handler).what, why) for row, why in agenda.skipped],
            "released": agenda.released,
            "form": form,
            "is_dangerous": name == operations.DISCARD,
            "admin_action": request.POST.get("action", ""),
            "select_across": request.POST.get("select_across", "0"),
            "selected": request.POST.getlist(helpers.ACTION_CHECKBOX_NAME),
            "list_url": self.list_url(),
        }
        return TemplateResponse(request, "admin/events/confirm_operation.html", context)

    def _perform(self, request: HttpRequest, name: str, rows: QuerySet[Delivery], reason: str) -> None:
        acts: dict[str, Callable[..., operations.Plan]] = {
            operations.RETRY: operations.retry,
            operations.DISCARD: operations.discard,
            operations.REPLAY: operations.replay,
        }
        try:
            done = acts[name](rows, actor=operations.Actor(*actor_of(request)), reason=reason)
        except DomainError as error:
            messages.error(request, str(error.title))
            return
        count = len(done.affected)
        text = ngettext("%(what)s: %(count)s step", "%(what)s: %(count)s steps", count)
        messages.success(request, text % {"what": ACTION_NAMES[name], "count": count})


@admin.register(Intervention)
class InterventionAdmin(ReadOnlyAdmin, StoreScopedAdmin):
    """Who did what to the queue, and why."""

    list_display = ("what", "actor_name", "reason", "created_at")
    ordering = ("-created_at",)
    fields = ("what", "actor_name", "reason", "created_at", "steps")
    readonly_fields = fields

    def store_id_of(self, obj: Intervention) -> UUID | None:
        return UUID(obj.deliveries[0]["store_id"]) if obj.deliveries else None

    def get_queryset(self, request: HttpRequest) -> QuerySet[Intervention]:
        rows: QuerySet[Intervention] = admin.ModelAdmin.get_queryset(self, request)
        mine = Q(pk=None)
        for store_id in self.stores_for(request):
            mine |= Q(deliveries__contains=[{"store_id": str(store_id)}])
        return rows.filter(mine)

    @display(description=_("what"))
    def what(self, row: Intervention) -> str:
        return f"{ACTION_NAMES.get(row.action, row.action)} · {len(row.deliveries)}"

    @display(description=_("steps"))
    def steps(self, row: Intervention) -> SafeString:
        links = [
            (reverse("admin:events_delivery_change", args=[each["id"]]), meaning_of(each["handler"]).what)
            for each in row.deliveries[:100]
        ]
        return format_html_join("", '<div><a class="hs-link" href="{}">{}</a></div>', links)
