"""Opening hours and business days in the store's own zone: pure calculation, the clock is passed in."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

DAYS_AHEAD = 8


@dataclass(frozen=True)
class Span:
    """One opening, as moments in the store's zone; it may end on the next day."""

    opens: datetime
    closes: datetime
    last_order: datetime


@dataclass(frozen=True)
class Opening:
    """Whether a store is open at a moment. `span` is the present opening or else the next one.

    A store that lists no hours closes on its closed dates only; while it is open, `span` is None.
    """

    is_open: bool
    takes_orders: bool
    span: Span | None


def opening_at(settings: dict[str, Any], at: datetime) -> Opening:
    """`settings` is a store snapshot: timezone, opening_hours, closed_dates."""
    if not settings.get("opening_hours"):
        return _day_and_night(settings, at)
    for span in _spans(settings, at.astimezone(zone_of(settings))):
        if span.opens <= at < span.closes:
            return Opening(True, at < span.last_order, span)
        if span.opens > at:
            return Opening(False, False, span)
    return Opening(False, False, None)


def _day_and_night(settings: dict[str, Any], at: datetime) -> Opening:
    """Of a store without hours: a closed date lasts as long as its business day."""
    closed, today = set(settings.get("closed_dates") or []), business_day(settings, at)
    if today.isoformat() not in closed:
        return Opening(True, True, None)
    for offset in range(1, DAYS_AHEAD):
        day = today + timedelta(days=offset)
        if day.isoformat() not in closed:
            hour = settings.get("day_cutoff_hour", 5)
            times = {"opens": f"{hour}:00", "closes": f"{hour + 24}:00"}
            return Opening(False, False, _span(times, day, at.astimezone(zone_of(settings))))
    return Opening(False, False, None)


def business_day(settings: dict[str, Any], at: datetime) -> date:
    """The day a moment counts for: until the cut-off hour, the night before."""
    return (at.astimezone(zone_of(settings)) - timedelta(hours=settings.get("day_cutoff_hour", 5))).date()


def zone_of(settings: dict[str, Any]) -> ZoneInfo:
    return ZoneInfo(settings.get("timezone") or "UTC")


def _spans(settings: dict[str, Any], local: datetime) -> Iterator[Span]:
    """Openings from yesterday (it may last past midnight) on, in order of time."""
    closed = set(settings.get("closed_dates") or [])
    for offset in range(-1, DAYS_AHEAD):
        day = local.date() + timedelta(days=offset)
        if day.isoformat() in closed:
            continue
        today = [row for row in settings["opening_hours"] if row["weekday"] == day.weekday()]
        yield from sorted((_span(row, day, local) for row in today), key=lambda span: span.opens)


def _span(row: dict[str, Any], day: date, local: datetime) -> Span:
    closes = row["closes"]
    last_order = row.get("last_order") or closes
    return Span(
        _moment(row["opens"], day, local), _moment(closes, day, local), _moment(last_order, day, local)
    )


def _moment(clock: str, day: date, local: datetime) -> datetime:
    """ "25:30" on a day is half past one on the next; wall time, also across a clock change."""
    hours, minutes = (int(part) for part in clock.split(":"))
    day += timedelta(days=hours // 24)
    return datetime(day.year, day.month, day.day, hours % 24, minutes, tzinfo=local.tzinfo)
