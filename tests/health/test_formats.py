"""Dates as people write them."""

from datetime import UTC, datetime

from django.utils import translation
from django.utils.formats import localize


def test_korean_says_the_half_of_the_day_before_the_hour() -> None:
    with translation.override("ko"):
        assert localize(datetime(2026, 11, 23, 11, 8, tzinfo=UTC)) == "2026년 11월 23일 오전 11:08"
