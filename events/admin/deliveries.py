"""Steps for owners: what waits, what died, and the three things a person may do about it."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.contrib.admin import helpers
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from events import operations
from events.admin.rows import BoundedPaginator, KnownFilter, story_link
from events.confirmation import confirm
from events.kernel.backoffice import ReadOnlyAdmin, StoreScopedAdmin
from events.kernel.database_admin import PerDatabaseAdmin
from events.kernel.database_choice import in_database
from events.kernel.useful_actions import OnlyUseful
from events.meanings import meaning_of, plain_error, subjects_of
from events.models import Delivery, DeliveryStatus, PausedHandler
from events.registry import all_handlers, contexts_with_handlers
from events.timeline import words_of

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
_ACTS = {"retry_one": operations.RETRY, "replay_one": operations.REPLAY, "discard_one": operations.DISCARD}


def _end_of(row: Delivery) -> str:
    given_up = row.status in (DeliveryStatus.DEAD, DeliveryStatus.DISCARDED)
    return gettext("given up") if given_up else gettext("finished")


class HandlerFilter(KnownFilter):
    title = _("step")
    parameter_name = "handler"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        known = [(each.name, str(meaning_of(each.name).what)) for each in all_handlers()]
        asked = request.GET.get("handler", "")
        if asked and asked not in dict(known):  # a step that is gone still has its rows
            known.append((asked, asked))
        return sorted(known, key=lambda each: each[1])


class ContextFilter(KnownFilter):
    title = _("part of the system")
    parameter_name = "context"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return [(name, name) for name in contexts_with_handlers()]


@admin.register(Delivery)
class DeliveryAdmin(OnlyUseful, PerDatabaseAdmin, ReadOnlyAdmin, StoreScopedAdmin):
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

    def useless_actions(self, row: Delivery) -> set[str]:
        return {name for name, act in _ACTS.items() if not operations.applies(act, row)}

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
        url = in_database(reverse("admin:events_event_change", args=[row.event_id]), row._state.db)
        return format_html('<a class="hs-link" href="{}">{}</a>', url, words_of(row.event.topic).text)

    @display(description=_("timeline"))
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
            (_end_of(row), row.done_at),
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
        row = self.named_or_404(request, object_id)
        return self.get_queryset(request).filter(pk=row.pk)

    def _confirm(self, request: HttpRequest, name: str, rows: QuerySet[Delivery]) -> HttpResponse:
        hidden = []
        if "action" in request.POST:
            hidden = [(key, request.POST.get(key, "0")) for key in ("action", "select_across")]
        selected = request.POST.getlist(helpers.ACTION_CHECKBOX_NAME)
        hidden += [(helpers.ACTION_CHECKBOX_NAME, pk) for pk in selected]
        return confirm(request, name, rows, back=self.list_url_in(request), hidden=hidden)
