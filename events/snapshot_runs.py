"""Checks and rebuilds of copies as rows: a store per batch, so that a long one shows how far it is.

A batch takes its store off the row and repairs it in one transaction of the keeper's database: killed in the
middle, it is simply done again. Tasks carry only the row's id; losing one costs the wait for the next tick.
"""

from datetime import timedelta
from functools import partial
from uuid import UUID

from celery import current_app, shared_task
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from events.bells import heard, may_ring
from events.kernel.databases import alias_of, reach
from events.kernel.errors import DomainError
from events.kernel.kicker import submit
from events.models import SnapshotRun, SnapshotState
from events.snapshots import Comparison, Keeper, compare, keeper_named, rebuild, stores_of

FOUND_LIMIT = 100
STALLED = timedelta(seconds=15)
TASK = "events.work_snapshot_run"
OPEN = (SnapshotState.WAITING, SnapshotState.RUNNING)


class WhyMissing(DomainError):
    code = "reason-missing"
    status = 422
    title = _("Please say why")


def start(
    copy: Keeper,
    *,
    store_id: UUID | None,
    rebuilds: bool,
    actor_id: UUID | None = None,
    actor_name: str,
    reason: str = "",
    rings: bool = True,
) -> SnapshotRun:
    """A new run over one store, or with `store_id` None over all. Raises WhyMissing.

    A worker takes it up; without `rings` the caller does the work itself.
    """
    if rebuilds and not reason.strip():
        raise WhyMissing
    stores = [store_id] if store_id else stores_of(copy)
    alias = alias_of(copy.context)
    run = SnapshotRun.objects.using(alias).create(
        keeper=copy.name,
        store_id=store_id,
        rebuilds=rebuilds,
        actor_id=actor_id,
        actor_name=actor_name[:150],
        reason=reason.strip()[:500],
        todo=[str(key) for key in stores],
        total=len(stores),
    )
    if rings:
        transaction.on_commit(partial(kick, alias, run), using=alias, robust=True)
    return run


def kick(alias: str, run: SnapshotRun) -> None:
    """Wakes a worker of the keeper's context for this run."""
    queue = run.keeper.partition(".")[0]
    call = partial(_send, {"alias": alias, "run_id": str(run.pk)}, queue)
    submit(("snapshot", str(run.pk), len(run.todo)), call)


def _send(arguments: dict[str, str], queue: str) -> None:
    # No `expires`: the clock of the worker would judge it (ADR 0015).
    if may_ring(_bell(arguments["run_id"]), queue=queue, seconds=int(STALLED.total_seconds())):
        current_app.send_task(TASK, kwargs=arguments, queue=queue, ignore_result=True)


def _bell(run_id: str) -> str:
    return f"{TASK}:{run_id}"


@shared_task(name=TASK)
def work_snapshot_run(*, alias: str, run_id: str) -> None:
    heard(_bell(run_id))
    run = work(alias, UUID(run_id))
    if run is not None and not run.is_over:
        kick(alias, run)


@shared_task(name="events.resume_snapshot_runs")
def resume_snapshot_runs() -> int:
    """Rings again for runs that nobody has moved for a while; returns how many."""
    stalled = [run for alias in reach().there for run in _stalled(alias)]
    for run in stalled:
        kick(str(run._state.db), run)
    return len(stalled)


def _stalled(alias: str) -> list[SnapshotRun]:
    late = SnapshotRun.objects.using(alias).filter(moved_at__lt=timezone.now() - STALLED)
    return list(late.filter(state__in=OPEN)[:20])


def work(alias: str, run_id: UUID) -> SnapshotRun | None:
    """Does the next store of a run; None when somebody else is at it or there is nothing to do."""
    try:
        with transaction.atomic(using=alias):
            run = _locked(alias, run_id)
            if run is not None:
                _next_store(run)
        return run
    except Exception as error:  # noqa: BLE001  the run says what broke it
        return _break_off(alias, run_id, error)


def finish(run: SnapshotRun) -> SnapshotRun:
    """Does all that is left of a run, here and now."""
    alias = str(run._state.db)
    while not run.is_over:
        if work(alias, run.pk) is None:
            break
        run.refresh_from_db(using=alias)
    return run


def _locked(alias: str, run_id: UUID) -> SnapshotRun | None:
    rows = SnapshotRun.objects.using(alias).select_for_update(skip_locked=True)
    return rows.filter(pk=run_id, state__in=OPEN).first()


def _next_store(run: SnapshotRun) -> None:
    copy = keeper_named(run.keeper)
    if copy is None:
        raise LookupError(f"nobody keeps {run.keeper} any more")
    if run.todo:
        act = rebuild if run.rebuilds else compare
        _note(run, act(copy, UUID(run.todo[0])))
        run.todo = run.todo[1:]
    run.state = SnapshotState.RUNNING if run.todo else SnapshotState.DONE
    run.finished_at = None if run.todo else timezone.now()
    run.save()


def _note(run: SnapshotRun, seen: Comparison) -> None:
    run.compared += max(seen.held, seen.told)
    run.differing += len(seen.differences)
    run.repaired += len(seen.differences) if run.rebuilds else 0
    run.found += [found.as_json() for found in seen.differences[: FOUND_LIMIT - len(run.found)]]


def _break_off(alias: str, run_id: UUID, error: Exception) -> SnapshotRun | None:
    text = f"{type(error).__name__}: {error}"[:300]
    rows = SnapshotRun.objects.using(alias).filter(pk=run_id, state__in=OPEN)
    rows.update(state=SnapshotState.FAILED, error=text, finished_at=timezone.now())
    return SnapshotRun.objects.using(alias).filter(pk=run_id).first()
