"""The copies' pages: how many there are, what differs from their owner, and the way to rebuild them.

Only POST changes anything; a rebuild shows first what it would do, and is done by a worker.
"""

from typing import Any, NamedTuple
from uuid import UUID

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from config.backoffice.frame import framed
from config.backoffice.navigation import chosen_store
from events.kernel.backoffice import actor_of, managed_stores
from events.kernel.database_choice import can_read, reached
from events.models import SnapshotRun
from events.snapshot_runs import STALLED, WhyMissing, finish, kick, start
from events.snapshots import Comparison, Keeper, all_keepers, compare, keeper_named
from stores.models import Store

HISTORY = 20
KINDS: dict[str, str | Promise] = {
    "missing": _("not here"),
    "extra": _("the owner does not have it"),
    "older": _("an older version"),
    "newer": _("newer than the owner's"),
    "differs": _("different"),
}


class Copy(NamedTuple):
    """A line of the overview."""

    keeper: Keeper
    seen: Comparison | None  # None: the copy or its owner cannot be reached
    address: str


def _store(request: HttpRequest) -> Store:
    store = chosen_store(request)
    if store is None:
        raise Http404
    return store


@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """GET /admin/snapshots/: every copy of the chosen store against its owner, and what was done."""
    store = _store(request)
    copies = [
        Copy(each, _compared(request, each, store), reverse("admin:snapshot", args=[each.name]))
        for each in all_keepers()
    ]
    return framed(
        request,
        "backoffice/snapshots.html",
        gettext("Snapshots"),
        copies=copies,
        store=store,
        wrong=sum(bool(copy.seen and copy.seen.differences) for copy in copies),
        unknown=sum(copy.seen is None for copy in copies),
        runs=_history(request),
        may_all=request.user.is_superuser,
    )


def _compared(request: HttpRequest, copy: Keeper, store: Store) -> Comparison | None:
    return compare(copy, store.pk) if can_read(request, copy.context, copy.source_context) else None


def _runs(request: HttpRequest, alias: str) -> QuerySet[SnapshotRun]:
    rows = SnapshotRun.objects.using(alias)
    if request.user.is_superuser:
        return rows.all()
    return rows.filter(Q(store_id__in=list(managed_stores(request))))


def _history(request: HttpRequest) -> list[tuple[SnapshotRun, Any]]:
    there = reached(request).there
    rows = [row for alias in there for row in _runs(request, alias).order_by("-created_at")[:HISTORY]]
    rows.sort(key=lambda row: row.created_at, reverse=True)
    return [(row, _title(row)) for row in rows[:HISTORY]]


def _title(run: SnapshotRun) -> Any:
    copy = keeper_named(run.keeper)
    return copy.title if copy else run.keeper


def _keeper(name: str) -> Keeper:
    copy = keeper_named(name)
    if copy is None:
        raise Http404
    return copy


@require_safe
def check(request: HttpRequest, name: str) -> HttpResponse:
    """GET /admin/snapshots/<copy>/: what differs in the chosen store: what a rebuild would change."""
    copy, store = _keeper(name), _store(request)
    seen = compare(copy, store.pk)
    return framed(
        request,
        "backoffice/snapshot.html",
        str(copy.title),
        copy=copy,
        store=store,
        seen=seen,
        differences=[(found, KINDS[found.kind]) for found in seen.differences],
    )


@require_POST
def begin(request: HttpRequest, name: str) -> HttpResponse:
    """POST /admin/snapshots/<copy>/begin/ {rebuild?, everywhere?, reason}: a run that a worker takes up.

    `everywhere` is for platform admins: every store.
    """
    copy, store = _keeper(name), _store(request)
    everywhere = bool(request.POST.get("everywhere"))
    if everywhere and not request.user.is_superuser:
        raise Http404
    actor_id, actor_name = actor_of(request)
    try:
        run = start(
            copy,
            store_id=None if everywhere else store.pk,
            rebuilds=bool(request.POST.get("rebuild")),
            actor_id=actor_id,
            actor_name=actor_name,
            reason=request.POST.get("reason", "").replace("\x00", ""),
        )
    except WhyMissing as error:
        messages.error(request, str(error.title))
        return HttpResponseRedirect(reverse("admin:snapshot", args=[copy.name]))
    return HttpResponseRedirect(reverse("admin:snapshot_run", args=[run.pk]))


def _run(request: HttpRequest, run_id: UUID) -> SnapshotRun:
    for alias in reached(request).there:
        if run := _runs(request, alias).filter(pk=run_id).first():
            return run
    raise Http404


@require_safe
def progress(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """GET /admin/snapshots/runs/<id>/: how far a run is and what it found; the page looks again by itself."""
    run = _run(request, run_id)
    stalled = not run.is_over and timezone.now() - run.moved_at > STALLED
    return framed(
        request,
        "backoffice/snapshot_run.html",
        str(_title(run)),
        run=run,
        share=round(100 * run.done / (run.total or 1)),
        stalled=stalled,
        differences=[(found, KINDS.get(found["kind"], found["kind"])) for found in run.found],
    )


@require_POST
def go_on(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """POST /admin/snapshots/runs/<id>/go-on/: for a run that no worker takes up; one store is done here."""
    run = _run(request, run_id)
    if not run.is_over:
        if run.total == 1:
            finish(run)
        else:
            kick(str(run._state.db), run)
    return HttpResponseRedirect(reverse("admin:snapshot_run", args=[run.pk]))
