"""Late is what could run and does not; what waits for its turn is not."""

from datetime import timedelta

import pytest
from django.utils import timezone

from events.kernel.databases import all_aliases
from events.queue_health import backlog
from tests.events.conftest import change, ring
from tests.queue import ship_all

pytestmark = pytest.mark.django_db


def test_what_waits_behind_a_step_between_two_tries_is_not_late() -> None:
    first, second = ring(number=1), ring(number=2)
    other = ring("back")
    ship_all()
    later, ago = timezone.now() + timedelta(minutes=5), timezone.now() - timedelta(minutes=10)
    change(first, attempts=1, due_at=later)
    change(second, due_at=ago)
    change(other, due_at=ago + timedelta(minutes=8))
    reading = backlog(all_aliases())["orders"]
    assert (reading.behind, reading.due) == (1, 1)
    assert 119 < reading.oldest_due_age < 150


def test_what_waits_for_nobody_is_late_whatever_comes_after_it() -> None:
    first, second = ring(number=1), ring(number=2)
    ship_all()
    change(first, due_at=timezone.now() - timedelta(minutes=10))
    change(second, due_at=timezone.now() + timedelta(minutes=5))
    reading = backlog(all_aliases())["orders"]
    assert (reading.behind, reading.due) == (0, 1) and reading.oldest_due_age > 599
