"""Opening hours and business days."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from orders.hours import business_day, opening_at

SEOUL: dict[str, Any] = {"timezone": "Asia/Seoul", "day_cutoff_hour": 5, "closed_dates": []}


def at(text: str) -> datetime:
    """A moment in Seoul."""
    return datetime.fromisoformat(f"{text}+09:00").astimezone(UTC)


def settings(**changes: Any) -> dict[str, Any]:
    daily = [{"weekday": day, "opens": "11:00", "closes": "25:00", "last_order": "24:30"} for day in range(7)]
    return {**SEOUL, "opening_hours": daily, **changes}


@pytest.mark.parametrize(
    ("moment", "is_open", "takes_orders"),
    [
        ("2026-11-23T10:59", False, False),
        ("2026-11-23T11:00", True, True),
        ("2026-11-24T00:29", True, True),
        ("2026-11-24T00:30", True, False),
        ("2026-11-24T00:59", True, False),
        ("2026-11-24T01:00", False, False),
    ],
)
def test_an_evening_lasts_past_midnight(moment: str, is_open: bool, takes_orders: bool) -> None:
    opening = opening_at(settings(), at(moment))
    assert (opening.is_open, opening.takes_orders) == (is_open, takes_orders)


def test_a_closed_day_closes_its_own_night_too() -> None:
    closed = settings(closed_dates=["2026-12-25"])
    assert opening_at(closed, at("2026-12-25T00:20")).is_open  # still the 24th's evening
    assert not opening_at(closed, at("2026-12-25T12:00")).is_open
    assert not opening_at(closed, at("2026-12-26T00:20")).is_open
    assert opening_at(closed, at("2026-12-26T11:00")).is_open


def test_closed_stores_name_their_next_opening() -> None:
    sundays = settings(
        opening_hours=[{"weekday": 6, "opens": "12:00", "closes": "14:00", "last_order": "13:30"}]
    )
    opening = opening_at(sundays, at("2026-11-23T12:00"))  # a Monday
    assert opening.span is not None and f"{opening.span.opens:%A %d %H:%M}" == "Sunday 29 12:00"


def test_a_break_in_the_afternoon_is_closed() -> None:
    hours = [
        {"weekday": 0, "opens": "17:00", "closes": "22:00", "last_order": "21:00"},
        {"weekday": 0, "opens": "11:00", "closes": "15:00", "last_order": "14:30"},
    ]
    opening = opening_at(settings(opening_hours=hours), at("2026-11-23T16:00"))
    assert not opening.is_open and opening.span is not None and opening.span.opens.hour == 17


def test_no_hours_means_always_open() -> None:
    assert opening_at({**SEOUL, "opening_hours": []}, at("2026-11-23T03:00")).takes_orders


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        ("2026-12-25T04:59", True),  # still the night of the 24th
        ("2026-12-25T05:00", False),
        ("2026-12-26T04:59", False),
        ("2026-12-26T05:00", True),
    ],
)
def test_a_closed_date_closes_a_store_that_lists_no_hours(moment: str, is_open: bool) -> None:
    opening = opening_at(settings(opening_hours=[], closed_dates=["2026-12-25"]), at(moment))
    assert (opening.is_open, opening.takes_orders) == (is_open, is_open)
    if not is_open:
        assert opening.span is not None and opening.span.opens == at("2026-12-26T05:00")


def test_never_open_has_no_next_opening() -> None:
    days = [f"2026-11-{day}" for day in range(20, 31)] + [f"2026-12-0{day}" for day in range(1, 5)]
    opening = opening_at(settings(closed_dates=days), at("2026-11-23T12:00"))
    assert not opening.is_open and opening.span is None


def test_hours_keep_wall_time_across_a_clock_change() -> None:
    berlin = settings(timezone="Europe/Berlin")
    # 2026-10-25: clocks go back at 03:00; Saturday's 25:00 is 01:00 summer time.
    assert opening_at(berlin, datetime(2026, 10, 24, 22, 59, tzinfo=UTC)).is_open
    assert not opening_at(berlin, datetime(2026, 10, 24, 23, 0, tzinfo=UTC)).is_open
    assert opening_at(berlin, datetime(2026, 10, 25, 10, 0, tzinfo=UTC)).is_open


@pytest.mark.parametrize(
    ("moment", "day"),
    [("2026-11-24T04:59", date(2026, 11, 23)), ("2026-11-24T05:00", date(2026, 11, 24))],
)
def test_the_business_day_ends_at_the_cut_off(moment: str, day: date) -> None:
    assert business_day(SEOUL, at(moment)) == day
