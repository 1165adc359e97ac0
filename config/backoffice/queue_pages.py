"""The event queue's pages: how it is, what would happen if, and the switches. Only POST changes anything."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from config.backoffice import plots, queue
from config.backoffice.dashboard import duration
from config.backoffice.frame import framed
from events import operations
from events.confirmation import ReasonForm, confirm
from events.kernel.backoffice import OWNERS, actor_of, managed_stores
from events.kernel.database_choice import can_read, databases, reached
from events.kernel.errors import DomainError
from events.meanings import ACTION_NAMES, meaning_of
from events.models import DeliveryStatus
from events.queue_health import paused_handlers
from events.registry import all_handlers, handler_named
from stores.models import Store

LATE_SECONDS = 60
_OPEN = (DeliveryStatus.DEAD, DeliveryStatus.HELD, DeliveryStatus.PENDING)


def scope_of(request: HttpRequest) -> queue.Scope:
    """The stores whose events the caller may see; None for the people who run the whole installation."""
    return None if request.user.is_superuser else list(managed_stores(request))


def runs_everything(request: HttpRequest) -> bool:
    """Whether the caller may pause a step for every store: a platform admin, or the owner of all stores."""
    if request.user.is_superuser:
        return True
    return not Store.objects.exclude(pk__in=list(managed_stores(request, OWNERS))).exists()


@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """GET /admin/queue/: how the event queue of the caller's stores is doing."""
    scope, there = scope_of(request), reached(request).there
    state = queue.state(scope, there)
    return framed(
        request,
        "backoffice/queue.html",
        gettext("Event queue"),
        state=state,
        oldest=duration(state.oldest_age) if state.oldest_age >= 1 else "0",
        is_late=state.oldest_age > LATE_SECONDS,
        day=plots.day(scope, there),
        drawing={"width": plots.BUCKETS * plots.STEP, "height": plots.HEIGHT, "bar": plots.STEP - 1},
        may_switch=runs_everything(request),
    )


# --- Acts ------------------------------------------------------------------------------------------


class WishForm(forms.Form):
    """An act in a link: what to do with which deliveries."""

    action = forms.ChoiceField(
        choices=[
            (name, name)
            for name in (operations.RETRY, operations.DISCARD, operations.REPLAY, operations.ASSIGN)
        ]
    )
    handler = forms.CharField(required=False, max_length=80)
    error = forms.CharField(required=False, max_length=80)
    stream = forms.CharField(required=False, max_length=80)
    event = forms.UUIDField(required=False)
    since = forms.DateTimeField(required=False)
    until = forms.DateTimeField(required=False)
    to = forms.CharField(required=False, max_length=80)
    db = forms.ChoiceField(required=False, choices=lambda: [(alias, alias) for alias in databases()])

    def selection(self, scope: queue.Scope) -> operations.Selection:
        said = self.cleaned_data
        return operations.Selection(
            handler=said["handler"],
            error=said["error"],
            stream=said["stream"],
            event_id=said["event"],
            since=said["since"],
            until=said["until"],
            statuses=self._statuses(),
            database=said["db"],
            store_ids=None if scope is None else tuple(scope),
        )

    def _statuses(self) -> tuple[int, ...]:
        """A stream or an event is shown whole; a handler's years of history are not."""
        said = self.cleaned_data
        if said["stream"] or said["event"]:
            return ()
        if said["action"] == operations.REPLAY:
            return (DeliveryStatus.DONE, DeliveryStatus.DISCARDED)
        # A cause is its dead letters; what nobody listens to any more is all that is open.
        return (DeliveryStatus.DEAD,) if said["error"] or handler_named(said["handler"]) else _OPEN


@require_http_methods(["GET", "HEAD", "POST"])
def act(request: HttpRequest) -> HttpResponse:
    """/admin/queue/act/?action=&handler=&error=&stream=&event=&since=&until=&to=&db=: POST does it."""
    wish = WishForm(request.POST if "confirmed" in request.POST else request.GET)
    if not wish.is_valid():
        raise Http404
    selection, action, to = (
        wish.selection(scope_of(request)),
        wish.cleaned_data["action"],
        wish.cleaned_data["to"],
    )
    if selection.is_everything or (action == operations.REPLAY and not selection.has_a_beginning):
        raise Http404
    hidden = [(name, value) for name, value in wish.data.items() if name in wish.fields and value]
    try:
        return confirm(request, action, selection, back=reverse("admin:queue"), hidden=hidden, to=to)
    except operations.UnknownHandler as error:
        raise Http404 from error


def _handler_choices(*, replayable: bool = False) -> list[tuple[str, str]]:
    known = [
        (each.name, str(meaning_of(each.name).what))
        for each in all_handlers()
        if each.replayable or not replayable
    ]
    return [("", gettext("Choose…")), *sorted(known, key=lambda each: each[1])]


class _Moment(forms.DateTimeInput):
    """The browser's own picker, which a phone shows well."""

    input_type = "datetime-local"


class ReplayForm(forms.Form):
    """What is to happen once more: a step in a span of time, or everything of one stream."""

    handler = forms.ChoiceField(label=_("Step"), required=False, widget=UnfoldAdminSelectWidget)
    since = forms.DateTimeField(label=_("From"), required=False, widget=_Moment)
    until = forms.DateTimeField(label=_("Until"), required=False, widget=_Moment)
    stream = forms.CharField(label=_("Or a whole stream"), required=False, widget=UnfoldAdminTextInputWidget)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["handler"].choices = _handler_choices(replayable=True)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or {}
        if not said.get("stream") and not (said.get("handler") and said.get("since")):
            raise forms.ValidationError(_("Choose a step and a time, or name a stream."))
        if said.get("since") and said.get("until") and said["since"] >= said["until"]:
            raise forms.ValidationError(_("The end must come after the beginning."))
        return said

    def query(self) -> dict[str, str]:
        said = {name: value for name, value in self.cleaned_data.items() if value}
        if "stream" in said:
            return {"action": operations.REPLAY, "stream": said["stream"]}
        return {"action": operations.REPLAY, **{name: _as_text(value) for name, value in said.items()}}


def _as_text(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


@require_safe
def replay_form(request: HttpRequest) -> HttpResponse:
    """GET /admin/queue/replay/: choose what to repeat; the next page shows what would happen."""
    form = ReplayForm(request.GET if request.GET else None)
    if form.is_bound and form.is_valid():
        return HttpResponseRedirect(reverse("admin:queue_act", query=form.query()))
    return framed(request, "backoffice/queue_replay.html", gettext("Replay"), form=form)


@require_safe
def gone(request: HttpRequest) -> HttpResponse:
    """GET /admin/queue/gone/?handler=: what to do with the deliveries of a step that is no more."""
    name = request.GET.get("handler", "")
    count = queue.state(scope_of(request), reached(request).there).gone.get(name)
    if count is None:
        raise Http404
    return framed(
        request,
        "backoffice/queue_gone.html",
        gettext("A step that is gone"),
        handler=name,
        count=count,
        choices=_handler_choices(),
    )


# --- Switches ----------------------------------------------------------------------------------------


@require_safe
def steps(request: HttpRequest) -> HttpResponse:
    """GET /admin/queue/steps/: every step, which of them are paused, and the switch for those who may."""
    paused = paused_handlers(reached(request).there)
    rows = [
        (each.name, meaning_of(each.name), paused.get(each.name))
        for each in all_handlers()
        if can_read(request, each.context)
    ]
    rows.sort(key=lambda row: (row[2] is None, str(row[1].what)))
    may_switch = runs_everything(request)
    return framed(request, "backoffice/queue_steps.html", gettext("Steps"), rows=rows, may_switch=may_switch)


@require_http_methods(["GET", "HEAD", "POST"])
def switch(request: HttpRequest) -> HttpResponse:
    """/admin/queue/switch/?handler=&action=pause|resume: GET asks, POST does, for who runs everything."""
    if not runs_everything(request):
        raise PermissionDenied
    said = request.POST if request.method == "POST" else request.GET
    name, action = said.get("handler", ""), said.get("action", "")
    is_there = operations.is_known(name) or name in paused_handlers(reached(request).there)
    if action not in (operations.PAUSE, operations.RESUME) or not is_there:
        raise Http404
    form = ReasonForm(request.POST if request.method == "POST" else None, required=action == operations.PAUSE)
    if request.method == "POST" and form.is_valid():
        _switch(request, action, name, form.cleaned_data["reason"])
        return redirect("admin:queue_steps")
    is_paused = action == operations.PAUSE
    title = ACTION_NAMES[action]
    values = {
        "handler": name,
        "meaning": meaning_of(name),
        "action": action,
        "is_pause": is_paused,
        "waiting": operations.waiting_for(name),
        "form": form,
    }
    return framed(request, "backoffice/queue_switch.html", str(title), **values)


def _switch(request: HttpRequest, action: str, name: str, reason: str) -> None:
    change = operations.pause if action == operations.PAUSE else operations.resume
    try:
        changed = change(name, actor=operations.Actor(*actor_of(request)), reason=reason)
    except DomainError as error:
        messages.error(request, str(error.title))
        return
    if changed:
        words = {"what": ACTION_NAMES[action], "step": meaning_of(name).what}
        messages.success(request, gettext("%(what)s: %(step)s") % words)
