"""The queue's last day as pictures that need no script: bars in SVG, and the same as a table."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from config.backoffice.queue import Scope, parameters
from events.kernel.databases import rows_from

MINUTES = 10
BUCKETS = 24 * 60 // MINUTES
STEP, HEIGHT = 5, 100  # units of the drawing per bar
RATE_MINUTES = 5

# Each part reads one day by the index of its own time.
_DAY = """
SELECT 'done', date_bin(%(width)s, d.done_at, %(since)s), count(*),
       count(*) FILTER (WHERE d.done_at > clock_timestamp() - %(lately)s)
FROM events_delivery d {of_delivery} WHERE d.status = 2 AND d.done_at >= %(since)s {scope} GROUP BY 2
UNION ALL
SELECT 'failed', date_bin(%(width)s, f.at, %(since)s), count(*), 0
FROM events_failedattempt f {of_failure} WHERE f.at >= %(since)s {scope} GROUP BY 2
UNION ALL
SELECT 'died', date_bin(%(width)s, d.died_at, %(since)s), count(*), 0
FROM events_delivery d {of_delivery} WHERE d.died_at >= %(since)s {scope} GROUP BY 2
"""
_WIDE = {"of_delivery": "", "of_failure": "", "scope": ""}
# OFFSET 0: a look-up per row of the day; the planner would rather read every event there ever was.
_STORE = "CROSS JOIN LATERAL (SELECT store_id FROM events_event WHERE id = d.event_id OFFSET 0) e"
_NARROW = {
    "of_delivery": _STORE,
    "of_failure": f"JOIN events_delivery d ON d.id = f.delivery_id {_STORE}",
    "scope": "AND e.store_id = ANY(%(stores)s)",
}
TITLES: dict[str, str | Promise] = {
    "done": _("Steps that happened"),
    "failed": _("Tries that failed"),
    "died": _("Steps given up"),
}


class Bar(NamedTuple):
    """One column of the drawing."""

    x: int
    y: float
    height: float
    title: str


@dataclass
class Plot:
    """One drawing: `summary` says in a sentence what it shows."""

    kind: str
    title: str
    summary: str
    bars: list[Bar]
    top: int
    total: int


class Day(NamedTuple):
    """The drawings, their common axis [(percent, label)], the table by hours and the rate of late."""

    plots: list[Plot]
    axis: list[tuple[float, str]]
    hours: list[tuple[datetime, list[int]]]
    per_minute: float


def day(scope: Scope, aliases: Iterable[str]) -> Day:
    """The last 24 hours in steps of ten minutes; one query per database."""
    since = _start()
    counts: dict[str, list[int]] = {kind: [0] * BUCKETS for kind in TITLES}
    lately = 0
    for kind, at, count, recent in _read(aliases, scope, since):
        counts[kind][min(BUCKETS - 1, int((at - since).total_seconds()) // (MINUTES * 60))] += count
        lately += recent
    plots = [_plot(kind, counts[kind], since) for kind in TITLES]
    return Day(plots, _axis(since), _hours(counts, since), lately / RATE_MINUTES)


def _start() -> datetime:
    """A full ten minutes, so that the running ones are the last bar."""
    now = timezone.now()
    running = now.replace(minute=now.minute - now.minute % MINUTES, second=0, microsecond=0)
    return running - timedelta(minutes=MINUTES * (BUCKETS - 1))


def _read(aliases: Iterable[str], scope: Scope, since: datetime) -> list[tuple[Any, ...]]:
    """[(kind, the ten minutes' start, count, those of late)]."""
    statement = _DAY.format(**(_WIDE if scope is None else _NARROW))
    values: dict[str, Any] = {
        **parameters(scope),
        "width": timedelta(minutes=MINUTES),
        "lately": timedelta(minutes=RATE_MINUTES),
        "since": since,
    }
    return rows_from(aliases, statement, values)


def _plot(kind: str, counts: list[int], since: datetime) -> Plot:
    top = max(counts)
    bars = [
        _bar(index, count, top, since + timedelta(minutes=MINUTES * index))
        for index, count in enumerate(counts)
        if count
    ]
    return Plot(kind, str(TITLES[kind]), _summary(counts, top, since), bars, top, sum(counts))


def _bar(index: int, count: int, top: int, at: datetime) -> Bar:
    height = max(2.0, round(HEIGHT * count / top, 1))
    return Bar(index * STEP, HEIGHT - height, height, f"{timezone.localtime(at):%H:%M}: {count}")


def _summary(counts: list[int], top: int, since: datetime) -> str:
    if not top:
        return gettext("None in the last 24 hours.")
    at = timezone.localtime(since + timedelta(minutes=MINUTES * counts.index(top)))
    words = {"total": sum(counts), "top": top, "time": f"{at:%H:%M}"}
    return gettext("%(total)s in the last 24 hours; most at %(time)s: %(top)s in ten minutes.") % words


def _axis(since: datetime) -> list[tuple[float, str]]:
    """A label at every sixth full hour of the store's clock."""
    marks = []
    for index in range(BUCKETS):
        at = timezone.localtime(since + timedelta(minutes=MINUTES * index))
        if at.minute < MINUTES and at.hour % 6 == 0:
            marks.append((round(100 * index / BUCKETS, 2), f"{at:%H}"))
    return marks


def _hours(counts: dict[str, list[int]], since: datetime) -> list[tuple[datetime, list[int]]]:
    """(hour, [done, failed, died]), the newest first."""
    found: dict[datetime, list[int]] = {}
    for index in range(BUCKETS):
        at = timezone.localtime(since + timedelta(minutes=MINUTES * index)).replace(minute=0)
        row = found.setdefault(at.astimezone(UTC), [0] * len(counts))
        for place, kind in enumerate(counts):
            row[place] += counts[kind][index]
    return [(timezone.localtime(hour), row) for hour, row in sorted(found.items(), reverse=True)]
