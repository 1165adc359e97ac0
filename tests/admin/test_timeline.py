"""The timeline: everything of a tab, an order or a payment, in order of time, for the own stores only."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.html import strip_tags

from events import operations, registry
from events.admin.events import TopicFilter
from events.catalogue import event_types
from events.delivery import drain
from events.kernel.databases import alias_of
from events.kernel.ids import new_id
from events.meanings import subjects_of
from events.models import Delivery, DeliveryStatus, Event, FailedAttempt
from events.operations.history import History
from events.operations.planning import FROM
from events.timeline import Question, tell, words_of
from orders.models import Guest, Order
from payments.models import GatewayEvent, Payment
from payments.services.accounts import save_store_snapshot
from payments.services.start_payment import Payer, Share, Wish, _reserve
from stores.models import Role
from tests.admin.conftest import admitted, at, make_delivery, signed_in
from tests.orders.conftest import Board, Phone, Restaurant
from tests.payments.test_webhooks import headers_of, message, send
from tests.queue import deliver_all, ship_all

QUERY_LIMIT = 40  # the page with its frame, menu and badges; the story itself takes at most 13
STORY_QUERIES = 13


@dataclass
class Meal:
    """A pay-first party: one order paid at the counter, accepted, and paid back."""

    restaurant: Restaurant
    phone: Phone
    board: Board
    boss: Client

    @property
    def order(self) -> Order:
        return Order.objects.order_by("placed_at")[0]

    @property
    def payment(self) -> Payment:
        return Payment.objects.get()

    def path(self, **query: Any) -> str:
        chosen = "&".join(f"{key}={value}" for key, value in query.items())
        return f"/admin/story/{self.order.tab_id}/?{chosen}"

    def lines(self, **query: Any) -> list[Any]:
        story = self.boss.get(self.path(**query)).context["story"]
        return [line.moment for _day, rows in story.days for line in rows]

    def ask(self, **more: Any) -> Question:
        return Question(frozenset({self.order.tab_id}), (self.restaurant.store_id,), "en", **more)


def pay(board: Board, order: Order) -> None:
    body = {"method": "cash"}
    key = {"Idempotency-Key": new_id().hex}
    path = f"/api/v1/stores/{order.store_id}/tabs/{order.tab_id}/counter-payments/"
    answer = board.http.post(path, body, format="json", headers=key)
    assert answer.status_code == 201, answer.content
    deliver_all()


@pytest.fixture
def meal(db: None) -> Meal:
    restaurant = Restaurant(pay_after="order")
    save_store_snapshot(
        store_id=restaurant.store_id, version_number=1, snapshot={**restaurant.settings, "name": "Hansang"}
    )
    boss = admitted(restaurant.store, Role.OWNER)
    told = Meal(restaurant, Phone(restaurant), Board(restaurant, boss), signed_in(boss))
    assert told.phone.join(nickname="Fox").status_code == 200
    assert told.phone.order().status_code == 201
    deliver_all()
    pay(told.board, told.order)
    assert told.board.accept(str(told.order.pk)).status_code == 200
    deliver_all()
    return told


def test_everything_of_a_meal_is_told_in_the_order_of_time(meal: Meal) -> None:
    moments = meal.lines()
    assert [moment.at for moment in moments] == sorted(moment.at for moment in moments)
    told = [str(moment.text) for moment in moments]
    expected = [
        "The party sat down", "A guest ordered", "Payment started: ", "The money arrived",
        "The order went to the kitchen", "Alarm: new order", "The kitchen took the order", "Taken by ",
    ]  # fmt: skip
    places = [next(i for i, text in enumerate(told) if text.startswith(wanted)) for wanted in expected]
    assert places == sorted(places)
    assert {"A phone joined", "Order onto the bill", "Paid order to the kitchen"} <= set(told)
    assert any(text.startswith("Booked: +") for text in told)


def test_every_line_leads_to_its_row(meal: Meal) -> None:
    for moment in meal.lines():
        assert moment.link and meal.boss.get(moment.link).status_code == 200, moment


def test_each_event_shows_its_content(meal: Meal) -> None:
    page = meal.boss.get(meal.path()).content.decode()
    assert "<details>" in page and "order.submitted" in page and str(meal.order.pk) in page


def test_times_are_the_stores_own(meal: Meal) -> None:
    page = meal.boss.get(meal.path()).content.decode()
    at = meal.order.placed_at + timedelta(hours=9)  # Seoul
    assert f"{at:%H:%M}" in page and "Asia/Seoul" in page


@pytest.mark.parametrize("model", ["orders_order", "orders_tab", "payments_payment"])
def test_a_button_leads_from_the_row_to_its_story(meal: Meal, model: str) -> None:
    rows = {
        "orders_order": meal.order.pk,
        "orders_tab": meal.order.tab_id,
        "payments_payment": meal.payment.pk,
    }
    base = f"/admin/{model.replace('_', '/')}/{rows[model]}"
    assert f"{base}/timeline/" in meal.boss.get(f"{base}/change/").content.decode()
    page = meal.boss.get(f"{base}/timeline/", follow=True)
    assert page.status_code == 200 and page.context["story"].correlation_id == meal.order.tab_id


def test_an_orders_story_leaves_out_other_orders(meal: Meal) -> None:
    assert meal.phone.order().status_code == 201
    deliver_all()
    second = Order.objects.order_by("-placed_at").first()
    first = Order.objects.order_by("placed_at").first()
    assert first is not None and second is not None

    def orders_of(**only: str) -> set[str]:
        return {m.about["order"] for m in tell(meal.ask(), only).moments if "order" in m.about}

    assert orders_of(order=str(first.pk)) == {str(first.pk)}
    assert orders_of() == {str(first.pk), str(second.pk)}


def wallet_attempt(meal: Meal) -> Payment:
    """One more order, and an attempt to pay it that the wallet has not answered yet."""
    assert meal.phone.order().status_code == 201
    deliver_all()
    order = Order.objects.latest("placed_at")
    payer = Payer(Guest.objects.get().pk, order.tab_id, meal.phone.token)
    payment, _outdated = _reserve(payer, Wish("sandbox", Share(), order_id=order.pk), new_id().hex)
    assert payment is not None
    return payment


def wallet_calls(payment: Payment, **changes: Any) -> None:
    body = message(payment, **changes)
    assert send(payment.account, body, headers_of(payment.account, body)) == 204


def test_a_webhook_and_its_outcome_are_told_with_the_payment(meal: Meal) -> None:
    first, payment = meal.payment, wallet_attempt(meal)
    wallet_calls(payment)
    deliver_all()
    lines = meal.lines(payment=payment.pk)
    told = [str(line.text) for line in lines]
    assert "The payment service called" in told and "The money arrived" in told
    [call, step] = [line for line in lines if line.text == "Message from the payment service"]
    assert call.small == "payment.captured · captured" and call.payload["type"] == "payment.captured"
    assert step.small == "done" and step.about["payment"] == str(payment.pk)
    assert "The payment service called" not in [str(m.text) for m in meal.lines(payment=first.pk)]


def test_a_webhook_that_failed_is_a_dead_letter_of_its_tab(meal: Meal) -> None:
    payment = wallet_attempt(meal)
    wallet_calls(payment)
    ship_all()
    steps = Delivery.objects.using(alias_of("payments")).filter(handler="payments.work_off_webhook")
    steps.update(max_attempts=1)
    GatewayEvent.objects.update(merchant_ref="0" * 32)
    deliver_all()
    letter = steps.select_related("event").get()
    assert (letter.status, letter.event.correlation_id) == (DeliveryStatus.DEAD, meal.order.tab_id)
    told = [line.small for line in meal.lines(payment=payment.pk) if line.tone == "bad"]
    why = "It names a payment that is not known here."
    assert told == [f"attempt 1 failed · {why}", f"dead letter · {why}"]
    order = Order.objects.latest("placed_at")
    assert subjects_of([letter.event]) == {letter.event_id: f"order {order.number} (table A1)"}


def test_a_webhook_of_no_payment_of_ours_is_a_story_alone(meal: Meal) -> None:
    payment = wallet_attempt(meal)
    before = len(meal.lines())
    wallet_calls(payment, reference="0" * 32)
    [fact] = Event.objects.using(alias_of("payments")).filter(topic="webhook.received")
    assert fact.correlation_id == fact.pk and fact.payload["payment_id"] is None
    assert len(meal.lines()) == before


def test_a_refund_is_told_to_its_end(meal: Meal) -> None:
    path = f"/api/v1/stores/{meal.restaurant.store_id}/orders/{meal.order.pk}/cancel/"
    assert meal.board.http.post(path, {"reason": "no rice"}, format="json").status_code == 200
    deliver_all()
    told = [str(moment.text) for moment in meal.lines()]
    assert "The order was canceled" in told and "Money is to go back" in told
    assert any("no rice" in moment.small for moment in meal.lines())


@pytest.fixture
def breaking(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Exception]]:
    """The alarm for an order fails with these errors, one per attempt."""
    errors: list[Exception] = []
    handler = registry.handler_named("notifications.ring_for_order")
    assert handler is not None
    real = handler.run

    def run(event: Any, envelope: Any) -> None:
        if errors:
            raise errors.pop(0)
        real(event, envelope)

    object.__setattr__(handler, "run", run)
    yield errors
    object.__setattr__(handler, "run", real)


def test_each_failed_attempt_and_who_retried_it_stays_in_the_story(
    db: None, breaking: list[Exception]
) -> None:
    restaurant = Restaurant()
    boss = admitted(restaurant.store)
    phone = Phone(restaurant)
    phone.join()
    breaking += [ConnectionError("printer off"), ValueError("<b>strange</b>")]
    phone.order()
    deliver_all()
    letters = Delivery.objects.using(alias_of("notifications"))
    letter = letters.get(handler="notifications.ring_for_order")
    for _ in range(2):
        letters.update(due_at=timezone.now())
        ship_all()
        drain("notifications")
    letter.refresh_from_db()
    assert (letter.status, letter.last_error) == (DeliveryStatus.DONE, "")
    mine = Delivery.objects.using(alias_of("notifications")).filter(pk=letter.pk)
    operations.replay(mine, actor=operations.Actor(None, "Kim"), reason="again please")
    order = Order.objects.get()
    page = signed_in(boss).get(f"/admin/story/{order.tab_id}/").content.decode()
    assert "attempt 1 failed · The other side could not be reached." in page and "attempt 2 failed" in page
    assert "&lt;b&gt;strange" in page and "<b>strange" not in page
    assert "Repeated by Kim" in page and "again please" in page
    assert [row.attempt for row in FailedAttempt.objects.using(mine.db).order_by("at")] == [1, 2]


def test_a_retry_without_a_reason_is_told(meal: Meal) -> None:
    steps = Delivery.objects.using(alias_of("notifications")).filter(handler="notifications.ring_for_order")
    steps.update(status=DeliveryStatus.DEAD)
    operations.retry(steps, actor=operations.Actor(None, "Kim"))
    lines = meal.lines()
    [act] = [line for line in lines if line.text == "Tried again by Kim"]
    assert act.small == "" and meal.boss.get(act.link).status_code == 200
    assert lines[-1].text == act.text


@pytest.mark.parametrize("action", FROM)
def test_whatever_a_person_did_to_a_step_is_told_in_words(meal: Meal, action: str) -> None:
    alias = alias_of("notifications")
    step = Delivery.objects.using(alias).filter(event__correlation_id=meal.order.tab_id).first()
    other = make_delivery(meal.restaurant.store, stream="order:other")
    assert step is not None
    with transaction.atomic(using=alias):
        History(action, alias, operations.Actor(None, "Kim"), "", {}).note([step], Counter())
        History(action, alias, operations.Actor(None, "Lee"), "", {}).note([other], Counter())
    [told] = [str(line.text) for line in meal.lines() if str(line.text).endswith((" by Kim", " by Lee"))]
    assert told.endswith(" by Kim") and not told.startswith(action)


def test_another_stores_owner_finds_nothing(meal: Meal, foreign_boss: Client) -> None:
    assert foreign_boss.get(meal.path()).status_code == 404
    assert foreign_boss.get(f"/admin/orders/order/{meal.order.pk}/timeline/").status_code == 404


@pytest.mark.parametrize("role", [Role.FLOOR, Role.KITCHEN])
def test_floor_and_kitchen_do_not_read_it(meal: Meal, role: str) -> None:
    client = signed_in(admitted(meal.restaurant.store, role))
    assert client.get(meal.path()).status_code == 302


def test_reading_takes_few_queries_however_long_the_story_is(meal: Meal) -> None:
    with CaptureQueriesContext(connection) as before:
        tell(meal.ask())
    for _ in range(3):
        meal.phone.order()
    deliver_all()
    with CaptureQueriesContext(connection) as after:
        tell(meal.ask())
    assert len(after) == len(before) <= STORY_QUERIES
    with CaptureQueriesContext(connection) as page:
        assert meal.boss.get(meal.path()).status_code == 200
    assert len(page) <= QUERY_LIMIT


def test_a_long_story_comes_in_pages_that_lose_and_repeat_nothing(meal: Meal) -> None:
    whole = tell(meal.ask()).moments
    collected, since = [], None
    for _ in range(len(whole)):
        page = tell(meal.ask(since=since, limit=8))
        assert len(page.moments) <= 7
        collected += page.moments
        since = page.next_after
        if since is None:
            break
    assert [(m.at, m.text, m.link) for m in collected] == [(m.at, m.text, m.link) for m in whole]


def test_a_long_story_says_that_there_is_more(meal: Meal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("config.backoffice.stories.LIMIT", 6)
    page = meal.boss.get(meal.path())
    assert "there is more" in page.content.decode() and page.context["story"].more
    again = meal.boss.get(page.context["story"].more).content.decode()
    assert "From the beginning" in again


@pytest.mark.parametrize(
    "query", ["after=nonsense", "order=1", "payment=%00", "after=2026-99-99T00:00", "order="]
)
def test_nonsense_in_the_address_is_no_error(meal: Meal, query: str) -> None:
    assert meal.boss.get(f"/admin/story/{meal.order.tab_id}/?{query}").status_code == 200


def test_an_unknown_story_is_not_there(meal: Meal) -> None:
    assert meal.boss.get(f"/admin/story/{new_id()}/").status_code == 404


def test_joined_tables_have_one_story(db: None) -> None:
    restaurant = Restaurant()
    restaurant.add_table("A2")
    board = Board(restaurant, admitted(restaurant.store))
    phones = [Phone(restaurant, "A1"), Phone(restaurant, "A2")]
    for phone in phones:
        phone.join()
        phone.order()
    first, second = Order.objects.order_by("placed_at").values_list("tab_id", flat=True)
    joined = board.post(f"tabs/{first}/merge/", into_tab_id=str(second))
    assert joined.status_code == 200, joined.content
    deliver_all()
    told: dict[UUID, int] = {}
    for tab_id in (first, second):
        page = tell(Question(frozenset({tab_id}), (restaurant.store_id,), "en"))
        told[tab_id] = sum(str(m.text) == "A guest ordered" for m in page.moments)
    assert told == {first: 2, second: 2}


def test_every_event_has_words_for_the_owner() -> None:
    ours = [kind.topic for kind in event_types() if kind.source() in settings.CONTEXTS]
    assert "webhook.queued" in ours and not [topic for topic in ours if words_of(topic).text == topic]


def test_the_filter_of_events_speaks_words(meal: Meal) -> None:
    page = meal.boss.get(at("/admin/events/event/", "orders"))
    [chosen] = [spec for spec in page.context["cl"].filter_specs if isinstance(spec, TopicFilter)]
    ours = [(topic, words) for topic, words in chosen.lookup_choices if not topic.startswith("test.")]
    assert ours and [topic for topic, words in ours if topic == words] == []


def test_people_read_one_word_for_it(meal: Meal) -> None:
    step = Delivery.objects.using(alias_of("payments")).filter(event__correlation_id=meal.order.tab_id)[0]
    assert meal.boss.get(meal.path()).context["title"] == "Timeline"
    for row in (f"delivery/{step.pk}", f"event/{step.event_id}"):
        page = meal.boss.get(at(f"/admin/events/{row}/change/", "payments")).content.decode()
        read = strip_tags(page.partition('id="content"')[2])
        assert "Timeline" in read and not re.search(r"\bstor(y|ies)\b", read, re.IGNORECASE)


def test_a_payments_page_says_its_state_in_words(meal: Meal) -> None:
    page = meal.boss.get(f"/admin/payments/payment/{meal.payment.pk}/change/").content.decode()
    assert "(&#x27;captured" not in page and "('captured" not in page


def test_a_tab_is_named_by_the_stores_own_time(meal: Meal) -> None:
    at = meal.order.tab.opened_at + timedelta(hours=9)  # Seoul
    page = meal.boss.get(f"/admin/orders/tab/{meal.order.tab_id}/change/").content.decode()
    assert f"A1 · {at:%Y-%m-%d %H:%M}" in page
