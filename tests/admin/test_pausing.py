"""Pausing a step from the queue page: by whom, with which words, and back again."""

import pytest
from django.test import Client

from events import operations
from events.models import DeliveryStatus, Intervention, PausedHandler
from events.operations import Actor
from stores.models import Store
from tests.admin.conftest import at, everywhere, make_delivery
from tests.admin.test_queue_page import PAGE, RING, SWITCH, status_of, text_of
from tests.factories import make_store


def test_a_platform_admin_pauses_and_resumes_a_step(platform: Client, store: Store) -> None:
    waiting = make_delivery(store, DeliveryStatus.PENDING, attempts=0)
    wish = {"handler": RING, "action": "pause"}
    assert platform.get(SWITCH, wish).status_code == 200 and not everywhere(PausedHandler)
    assert platform.post(SWITCH, wish).status_code == 200 and not everywhere(PausedHandler)
    platform.post(SWITCH, {**wish, "reason": "new printer"})
    page = text_of(platform)
    assert "is paused." in page and "new printer" in page and "1 step waits for it." in page
    assert platform.get(PAGE).context["state"].oldest_age == 0
    assert "held: this step is paused" in text_of(platform, at("/admin/events/delivery/"))
    platform.post(SWITCH, {**wish, "action": "resume"})
    assert not everywhere(PausedHandler) and status_of(waiting) == DeliveryStatus.PENDING
    history = sorted(everywhere(Intervention), key=lambda row: row.created_at)
    assert [(row.action, row.store_id) for row in history] == [("pause", None), ("resume", None)]


@pytest.mark.parametrize("action", ["pause", "resume"])
def test_the_switch_says_how_many_wait_now(platform: Client, store: Store, action: str) -> None:
    wish = {"handler": RING, "action": action}
    assert "0 wait now" in text_of(platform, SWITCH, **wish)
    for number in range(3):
        make_delivery(store, DeliveryStatus.PENDING, stream=f"order:{number}", attempts=number)
    make_delivery(store, DeliveryStatus.PENDING, stream="order:4", handler="notifications.ring_for_call")
    make_delivery(store, DeliveryStatus.DONE, stream="order:5")
    assert "3 wait now" in text_of(platform, SWITCH, **wish)


def test_who_owns_one_store_of_several_cannot_pause(boss: Client, store: Store) -> None:
    make_store()
    for method in (boss.get, boss.post):
        answer = method(SWITCH, {"handler": RING, "action": "pause", "reason": "x"})
        assert answer.status_code == 403
    assert not everywhere(PausedHandler) and not everywhere(Intervention)
    assert "Only people who run every store" in text_of(boss, "/admin/queue/steps/")


def test_the_owner_of_every_store_may_pause(boss: Client, store: Store) -> None:
    boss.post(SWITCH, {"handler": RING, "action": "pause", "reason": "x"})
    assert [row.handler for row in everywhere(PausedHandler)] == [RING]


def test_everybody_sees_that_a_step_is_paused(boss: Client, store: Store) -> None:
    operations.pause(RING, actor=Actor(None, "Platform"), reason="maintenance")
    assert "maintenance" in text_of(boss) and "Platform" in text_of(boss, at("/admin/events/intervention/"))


def test_a_step_that_does_not_exist_cannot_be_paused(platform: Client) -> None:
    platform.post(SWITCH, {"handler": "orders.nobody", "action": "pause", "reason": "x"})
    assert not everywhere(PausedHandler)
