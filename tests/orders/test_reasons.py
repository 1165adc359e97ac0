"""Why something ended is told in the reader's language, whoever ended it."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation
from django.utils.html import strip_tags

from events.timeline import Question, tell
from orders import services
from orders.board_texts import board_texts
from orders.models import Order, Tab
from orders.reasons import REASONS
from payments.models import Bill, TabSnapshot
from payments.services.accounts import save_store_snapshot
from tests.factories import make_membership, make_user
from tests.orders.conftest import Board, Phone, Restaurant
from tests.queue import deliver_all, published


@pytest.fixture
def chinese(restaurant: Restaurant) -> Phone:
    phone = Phone(restaurant, language="zh-hans")
    phone.join()
    return phone


def read(row: Any, name: str) -> list[str]:
    """The row's text as people read it in Korean, Japanese and English."""
    texts = []
    for language in ("ko", "ja", "en"):
        with translation.override(language):
            texts.append(str(getattr(row, name)))
    return texts


def test_what_a_guest_took_back_is_told_in_the_readers_language(chinese: Phone, board: Board) -> None:
    order_id = chinese.order().json()["id"]
    assert chinese.cancel(order_id).json()["status"] == "canceled"
    order = Order.objects.get()
    assert (order.reason, order.reason_code) == ("", "by_guest")
    assert read(order, "why_ended") == ["손님이 취소함", "お客様によるキャンセル", "canceled by the guest"]
    [event] = published("order.canceled")
    assert (event.reason, event.reason_code) == ("", "by_guest")
    [shown] = board.get("log/").json()["orders"]
    assert (shown["reason"], shown["reason_code"]) == ("", "by_guest")


def test_what_nobody_answered_is_told_in_the_readers_language(phone: Phone, now: datetime) -> None:
    phone.order()
    with translation.override("en"):  # as in a worker
        services.reject_unanswered_order(order_id=Order.objects.get().pk, now=now)
    order = Order.objects.get()
    assert (order.reason, order.reason_code) == ("", "no_answer")
    assert read(order, "why_ended")[0] == "주문을 받을 직원이 없었어요"
    [event] = published("order.rejected")
    assert (event.reason, event.reason_code) == ("", "no_answer")


@pytest.mark.parametrize("scans", [True, False])
def test_a_table_that_was_left_is_told_in_the_readers_language(
    chinese: Phone, restaurant: Restaurant, now: datetime, scans: bool
) -> None:
    tab = Tab.objects.get()
    Tab.objects.update(active_at=now - timedelta(hours=3))
    if scans:
        Phone(restaurant, language="ja").join()
    else:
        assert services.close_idle_tabs(now=now) == 1
    tab.refresh_from_db()
    assert (tab.close_reason, tab.close_code) == ("", "idle")
    assert read(tab, "why_closed") == [
        "자리에 손님이 없음",
        "お客様が退席されたため",
        "nobody there any more",
    ]
    [event] = published("tab.closed")
    assert (event.reason, event.reason_code) == ("", "idle")


def test_joined_tables_are_told_in_the_readers_language(
    chinese: Phone, restaurant: Restaurant, board: Board
) -> None:
    source = Tab.objects.get()
    restaurant.add_table("A2")
    target = Phone(restaurant, "A2").join().json()["tab"]["id"]
    board.post(f"tabs/{source.pk}/merge/", into_tab_id=target)
    source.refresh_from_db()
    assert (source.close_reason, source.close_code) == ("", "merged")
    assert read(source, "why_closed") == ["A2 테이블과 합침", "A2とまとめたため", "joined with A2"]


def test_what_people_typed_and_what_was_kept_before_stays_as_it_is(phone: Phone, board: Board) -> None:
    order_id = phone.order().json()["id"]
    board.post(f"orders/{order_id}/reject/", reason_code="sold_out", reason="No rice")
    assert read(Order.objects.get(), "why_ended") == ["No rice"] * 3
    before = Order(reason="顾客取消", status="canceled")
    assert read(before, "why_ended") == ["顾客取消"] * 3
    assert read(Tab(close_reason="walked out"), "why_closed") == ["walked out"] * 3


def test_the_timeline_tells_reasons_in_the_readers_language(
    chinese: Phone, restaurant: Restaurant, board: Board
) -> None:
    chinese.cancel(chinese.order().json()["id"])
    board.post(f"orders/{chinese.order().json()['id']}/reject/", reason_code="busy", reason="")
    tab = Tab.objects.get()
    with translation.override("ko"):
        story = tell(Question(frozenset({tab.pk}), (restaurant.store_id,), "ko"))
        details = " / ".join(moment.small for moment in story.moments)
        assert "손님이 취소함" in details and "주문이 밀렸어요" in details


def test_bills_and_refunds_tell_a_rules_reason_in_the_readers_language(
    pay_first: Restaurant, now: datetime
) -> None:
    snapshot = {"name": "x", "language": "ko", "currency": "KRW"}
    save_store_snapshot(store_id=pay_first.store_id, version_number=1, snapshot=snapshot)
    chinese = Phone(pay_first, language="zh-hans")
    chinese.join()
    chinese.cancel(chinese.order().json()["id"])
    services.close_idle_tabs(now=now + timedelta(hours=3))
    deliver_all()
    owner = Client(headers={"Accept-Language": "ko"})
    owner.force_login(make_membership(pay_first.store, user=make_user(is_staff=True)).user)
    page = owner.get(reverse("admin:payments_bill_change", args=[Bill.objects.get().pk])).content.decode()
    assert "취소" in strip_tags(page) and "canceled" not in strip_tags(page)
    assert TabSnapshot.objects.get().close_reason == "idle"


def test_the_board_has_words_for_every_code() -> None:
    """Its log shows an order's code, and money to hand back a refund's, which may be how the order ended."""
    orders = set(REASONS) - {"idle"}
    assert {f"reject_{code}" for code in orders | {"canceled", "expired"}} <= board_texts().keys()
