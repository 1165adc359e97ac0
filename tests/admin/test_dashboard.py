"""The owner's first page: right numbers, few queries, and the switch that stops orders."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from config.backoffice import reports
from config.backoffice.dashboard import tiles
from events.kernel.ids import new_id
from events.models import DeliveryStatus
from notifications.models import Notification, store_channel
from notifications.webhooks.models import AddressState, WebhookAddress
from orders.models import REFUSED_STATUSES, Order, OrderLine, OrderStatus, SoldOut, Tab
from payments.models import PENDING_STATES, Bill, BillLine, LedgerEntry, Refund, RefundSource, RefundState
from stores.models import Store
from tests.admin.conftest import make_delivery
from tests.admin.test_useful_buttons import paid
from tests.factories import make_store
from tests.queue import published

QUERY_LIMIT = 40


def make_order(store: Store, total: int = 10_000, *, ago: timedelta = timedelta(0), **fields: Any) -> Order:
    """A served order of one line, placed `ago` before now, cooked in eight minutes."""
    at = timezone.now() - ago
    tab, _created = Tab.objects.get_or_create(
        store_id=store.pk,
        defaults={
            "table_id": new_id(),
            "table_name": "C2",
            "currency": "KRW",
            "pay_after": "order",
            "opened_at": at,
            "active_at": at,
        },
    )
    values = {
        "status": OrderStatus.SERVED,
        "number": Order.objects.count() + 1,
        "business_day": reports.business_day(store, at),
        "placed_at": at,
        "accepted_at": at,
        "ready_at": at + timedelta(minutes=8),
    }
    order = Order.objects.create(
        store_id=store.pk,
        tab=tab,
        guest_language="ko",
        table_id=tab.table_id,
        table_name="C2",
        idempotency_key=str(new_id()),
        fingerprint="-",
        menu_version=1,
        pay_after="order",
        currency="KRW",
        total=total,
        **{**values, **fields},
    )
    OrderLine.objects.create(
        order=order,
        position=0,
        item_id=store.pk,
        name="Tteokbokki",
        language="ko",
        quantity=2,
        unit_price=total // 2,
        total=total,
        tax_rate_bp=1000,
        changed_at=at,
    )
    return order


def test_sales_count_what_was_sold_in_this_store_today(store: Store) -> None:
    make_order(store, 10_000)
    make_order(store, 5_000)
    make_order(store, 7_000, status=OrderStatus.CANCELED)
    make_order(store, 7_000, status=OrderStatus.AWAITING_PAYMENT)
    make_order(make_store(), 99_000)
    span = reports.span_of(store, 1)
    today = [cell for cell in reports.sales(span) if cell.day == span.last]
    assert sum(cell.amount for cell in today) == 15_000
    assert sum(cell.orders for cell in today) == 2


def test_the_trend_compares_with_the_same_weekday_up_to_this_moment(store: Store) -> None:
    make_order(store, 12_000)
    make_order(store, 10_000, ago=timedelta(days=7, seconds=1))
    span = reports.span_of(store, 1)
    found = tiles(span, [cell for cell in reports.sales(span) if cell.day == span.last])
    assert found[0]["trend"] == 20


@pytest.mark.django_db
def test_a_week_ago_is_the_same_hour_on_the_wall_when_clocks_change() -> None:
    store, berlin = make_store(timezone="Europe/Berlin"), ZoneInfo("Europe/Berlin")
    with time_machine.travel(datetime(2026, 3, 30, 12, 30, tzinfo=berlin)):  # summer time began on the 29th
        for minute, total in ((15, 10_000), (45, 99_000)):
            placed = datetime(2026, 3, 23, 12, minute, tzinfo=berlin)
            make_order(store, total, ago=timezone.now() - placed)
        assert reports.sold_before(reports.span_of(store, 1)) == 10_000


def test_a_night_belongs_to_the_evening_before(store: Store) -> None:
    seoul = ZoneInfo("Asia/Seoul")
    assert str(reports.business_day(store, datetime(2026, 11, 22, 1, 30, tzinfo=seoul))) == "2026-11-21"
    assert str(reports.business_day(store, datetime(2026, 11, 22, 5, 0, tzinfo=seoul))) == "2026-11-22"


def test_cooking_and_answering_are_measured_by_percentiles(store: Store) -> None:
    for minutes in (4, 8, 20):
        order = make_order(store)
        Order.objects.filter(pk=order.pk).update(ready_at=order.placed_at + timedelta(minutes=minutes))
    at = timezone.now()
    for number, seconds in enumerate((5, 11, 60), start=1):
        row = Notification.objects.create(
            channel=store_channel(store.pk),
            seq=number,
            store_id=store.pk,
            kind="order_submitted",
            alarm=True,
            event_id=new_id(),
        )
        Notification.objects.filter(pk=row.pk).update(created_at=at, acked_at=at + timedelta(seconds=seconds))
    span = reports.span_of(store, 1)
    assert reports.cooking_time(span).half == pytest.approx(480)
    assert reports.answer_time(span).half == pytest.approx(11)
    assert reports.answer_time(span).most == pytest.approx(50.2)


def test_top_items_add_up_money_and_pieces(store: Store) -> None:
    make_order(store, 10_000)
    make_order(store, 6_000)
    found = reports.top_items(reports.span_of(store, 7))
    assert [(row.name, row.quantity, row.amount) for row in found] == [("Tteokbokki", 4, 16_000)]


def test_what_waits_is_listed_with_its_meaning(boss: Client, store: Store) -> None:
    make_delivery(store)
    make_order(store, status=OrderStatus.AWAITING_PAYMENT)
    SoldOut.objects.create(store_id=store.pk, item_id=new_id())
    page = boss.get("/admin/").content.decode()
    assert "board was not told of order 7." in page and "1 order not paid yet" in page
    assert "webhook address" not in page


def badge(page: Any, path: str) -> str:
    items = [item for group in page.context["sidebar_navigation"] for item in group["items"]]
    return next(item.get("badge", "") for item in items if item["link"].endswith(path))


def test_the_badge_and_the_page_count_every_dead_letter(boss: Client, store: Store) -> None:
    for number in range(60):
        make_delivery(store, stream=f"order:{number}")
    make_delivery(store, DeliveryStatus.HELD, seq=2)
    make_delivery(make_store(), stream="order:foreign")
    page = boss.get("/admin/")
    assert badge(page, "/admin/queue/") == "60" and "60 steps did not happen" in page.content.decode()


def test_without_a_dead_letter_there_is_no_badge(boss: Client, store: Store) -> None:
    make_delivery(store, DeliveryStatus.PENDING)
    page = boss.get("/admin/")
    assert badge(page, "/admin/queue/") == "" and "did not happen" not in page.content.decode()


def make_refund(store: Store, state: str, days: int = 0) -> Refund:
    row = Refund.of(paid(store, "sandbox"), amount=500, source=RefundSource.ORDER)
    row.state = state
    row.save()
    Refund.objects.filter(pk=row.pk).update(created_at=timezone.now() - timedelta(days=days))
    return row


@pytest.mark.parametrize(
    ("state", "text"), [(RefundState.FAILED, "Refund failed"), (RefundState.REVERSED, "Refund came back")]
)
def test_a_stuck_refund_is_told_until_somebody_decides(
    boss: Client, store: Store, state: str, text: str
) -> None:
    make_refund(store, state, days=90)
    for waiting in PENDING_STATES:
        make_refund(store, waiting)
    make_refund(store, RefundState.SUCCEEDED)
    make_refund(make_store(), state)
    page = boss.get("/admin/")
    [first, *others] = [task for task in page.context["todo"] if task["icon"] == "undo"]
    assert first["kind"] == "bad" and first["text"].startswith(text)
    assert [task["kind"] for task in others] == ["mid", "mid"]
    assert badge(page, "/admin/payments/refund/") == "4"
    [tile] = [tile for tile in page.context["tiles"] if tile["name"] == "Given back"]
    assert tile["alert"] == "4 open"


def test_a_refund_that_was_settled_is_told_no_more(boss: Client, store: Store) -> None:
    make_refund(store, RefundState.SUCCEEDED)
    page = boss.get("/admin/")
    assert badge(page, "/admin/payments/refund/") == ""
    assert [task for task in page.context["todo"] if task["icon"] == "undo"] == []


@pytest.mark.parametrize("status", [OrderStatus.AWAITING_PAYMENT, *REFUSED_STATUSES])
def test_what_was_not_sold_counts_nowhere(store: Store, status: str) -> None:
    make_order(store, 7_000, status=status)
    span = reports.span_of(store, 1)
    assert reports.sales(span) == [] and reports.top_items(span) == []


def test_an_order_that_is_paid_but_not_handed_over_is_not_called_unpaid(store: Store) -> None:
    make_order(store, 7_000, status=OrderStatus.AWAITING_PAYMENT)
    order = make_order(store, 1_000, status=OrderStatus.AWAITING_PAYMENT)
    payment = paid(store, "sandbox")
    bill = payment.bill
    Bill.objects.filter(pk=bill.pk).update(order_id=order.pk)
    values = {"line_id": new_id(), "name": "Rice", "quantity": 1, "unit_price": 1_000, "total": 1_000}
    BillLine.objects.create(bill=bill, order_id=order.pk, order_number=order.number, **values)
    assert reports.unpaid(store) == (2, 8_000)
    LedgerEntry.objects.create(
        store_id=store.pk, bill=bill, payment=payment, kind="capture", amount=1_000, currency="KRW"
    )

    assert reports.unpaid(store) == (1, 7_000)


def test_a_webhook_address_that_was_given_up_is_listed(boss: Client, store: Store) -> None:
    for state in AddressState:
        WebhookAddress.objects.create(store_id=store.pk, url=f"https://{state}.example/secret", state=state)
    page = boss.get("/admin/").content.decode()
    assert "1 webhook address does not answer" in page and "dead.example" in page
    assert "secret" not in page and "paused.example" not in page


def test_a_quiet_store_says_that_all_is_well(boss: Client) -> None:
    assert "All is well" in boss.get("/admin/").content.decode()


@pytest.mark.parametrize("days", [1, 7, 30])
def test_the_page_needs_few_queries_however_much_was_sold(boss: Client, store: Store, days: int) -> None:
    boss.get("/admin/")
    counts = []
    for _round in range(2):
        for _ in range(3):
            make_order(store, ago=timedelta(hours=1))
            make_delivery(store, DeliveryStatus.DEAD, stream=str(new_id()))
        with CaptureQueriesContext(connection) as queries:
            assert boss.get(f"/admin/?days={days}").status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1] <= QUERY_LIMIT


def test_the_switch_pauses_and_resumes_the_store(boss: Client, store: Store) -> None:
    form = {"store": str(store.pk), "accepting": "0"}
    facts = len(published("store.changed"))
    assert boss.get("/admin/taking-orders/").status_code == 405
    assert boss.post("/admin/taking-orders/", form).status_code == 302
    store.refresh_from_db()
    assert not store.accepting_orders and len(published("store.changed")) == facts + 1
    boss.post("/admin/taking-orders/", {**form, "accepting": "1"})
    store.refresh_from_db()
    assert store.accepting_orders


def test_a_foreign_store_cannot_be_switched(foreign_boss: Client, store: Store) -> None:
    facts = len(published())
    answer = foreign_boss.post("/admin/taking-orders/", {"store": str(store.pk), "accepting": "0"})
    store.refresh_from_db()
    assert answer.status_code == 404 and store.accepting_orders
    assert len(published()) == facts


def test_the_switch_wants_a_csrf_token(store: Store) -> None:
    from tests.admin.conftest import admitted

    client = Client(enforce_csrf_checks=True)
    client.force_login(admitted(store))
    answer = client.post("/admin/taking-orders/", {"store": str(store.pk), "accepting": "0"})
    assert answer.status_code == 403


def test_a_foreign_store_cannot_be_chosen(foreign_boss: Client, store: Store) -> None:
    answer = foreign_boss.get(f"/admin/?store={store.slug}")
    assert answer.context["store"].pk != store.pk


def test_the_story_shows_only_the_own_stores(boss: Client, foreign_boss: Client, store: Store) -> None:
    row = make_delivery(store)
    path = f"/admin/story/{row.event.correlation_id}/"
    assert "Alarm for a new order" in boss.get(path).content.decode()
    assert foreign_boss.get(path).status_code == 404


def test_every_handler_has_words_for_the_owner() -> None:
    from config.backoffice.meanings import MEANINGS
    from events.registry import all_handlers

    ours = [handler.name for handler in all_handlers() if not handler.run.__module__.startswith("tests.")]
    assert ours and not [name for name in ours if name not in MEANINGS]
