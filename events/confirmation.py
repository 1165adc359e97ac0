"""The page between a wish and an act on the queue: it shows what would happen, and only its POST does it."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin import site
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextareaWidget

from events import operations
from events.kernel.backoffice import actor_of
from events.kernel.errors import DomainError
from events.meanings import ACTION_NAMES, meaning_of, subjects_of
from events.models import DeliveryStatus
from events.operations.planning import Target

CONSEQUENCES = {
    operations.RETRY: _("Each of these steps is tried again now, with a fresh count of attempts."),
    operations.DISCARD: _("These steps will never happen. What waited behind them goes on."),
    operations.REPLAY: _("Each of these finished steps happens once more. Steps are made to bear that."),
    operations.ASSIGN: _("Another step takes over what nobody listens to any more, and does it now."),
}
ACTS: dict[str, Callable[..., operations.Outcome]] = {
    operations.RETRY: operations.retry,
    operations.DISCARD: operations.discard,
    operations.REPLAY: operations.replay,
    operations.ASSIGN: operations.assign,
}


class ReasonForm(forms.Form):
    """Why somebody interferes; the history keeps it. `expected` is what the person saw, as its digest."""

    reason = forms.CharField(
        label=_("Why?"), required=False, max_length=500, widget=UnfoldAdminTextareaWidget({"rows": 2})
    )
    expected = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, required: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].required = required


def confirm(
    request: HttpRequest,
    action: str,
    target: Target,
    *,
    back: str,
    hidden: list[tuple[str, str]],
    to: str = "",
) -> HttpResponse:
    """Shows the dry run; performs it when the POST comes from this page's own button, then goes `back`.

    `hidden` are the fields that say the same wish again.
    """
    is_confirmed = request.method == "POST" and "confirmed" in request.POST
    form = ReasonForm(request.POST if is_confirmed else None, required=action == operations.DISCARD)
    if is_confirmed and form.is_valid() and _perform(request, action, target, form.cleaned_data, to):
        return HttpResponseRedirect(back)
    agenda = operations.plan(action, target, to=to)
    context = {
        **site.each_context(request),
        **_in_words(agenda),
        "title": ACTION_NAMES[action],
        "consequence": CONSEQUENCES[action],
        "plan": agenda,
        "new_step": meaning_of(to).what if to else "",
        "form": form,
        "is_dangerous": action == operations.DISCARD,
        "is_too_many": agenda.count > operations.WEB_LIMIT,
        "limit": operations.WEB_LIMIT,
        "hidden": hidden,
        "back": back,
    }
    return TemplateResponse(request, "admin/events/confirm_operation.html", context)


def _perform(request: HttpRequest, action: str, target: Target, said: dict[str, Any], to: str) -> bool:
    arguments = {"to": to} if action == operations.ASSIGN else {}
    try:
        done = ACTS[action](
            target,
            actor=operations.Actor(*actor_of(request)),
            reason=said["reason"],
            expected=said["expected"] or None,
            limit=operations.WEB_LIMIT,
            **arguments,
        )
    except DomainError as error:
        messages.error(request, str(error.title))
        return False
    text = ngettext("%(what)s: %(count)s step", "%(what)s: %(count)s steps", done.count)
    messages.success(request, text % {"what": ACTION_NAMES[action], "count": done.count})
    return True


def _in_words(agenda: operations.Plan) -> dict[str, Any]:
    subjects = subjects_of(row.event for row in agenda.examples)
    happened = agenda.action in (operations.REPLAY,)
    return {
        "handlers": [(meaning_of(share.handler), share) for share in agenda.handlers],
        "skipped": [(meaning_of(skip.handler).what, skip) for skip in agenda.skipped],
        "paused": [meaning_of(name).what for name in agenda.paused],
        "examples": [
            {
                "row": row,
                "status": DeliveryStatus(row.status).label,
                "text": _example(row.handler, subjects.get(row.event_id, ""), happened),
            }
            for row in agenda.examples
        ],
        "more": max(0, agenda.count - len(agenda.examples)),
    }


def _example(handler: str, subject: str, happened: bool) -> str:
    """What did not happen, or for a replay what happened already."""
    meaning = meaning_of(handler)
    if not happened:
        return meaning.of(subject)
    what = {"what": meaning.what, "subject": subject}
    return gettext("%(what)s: %(subject)s") % what if subject else str(meaning.what)
