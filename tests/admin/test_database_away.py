"""With a database per context and one of them away, the owner still sees and mends what is in the others."""

from collections.abc import Iterator

import pytest
from django.contrib.messages import get_messages
from django.test import Client

from events.kernel.databases import alias_of
from events.models import Delivery, DeliveryStatus, Intervention
from events.registry import handler_named
from stores.models import Store
from tests.admin.conftest import at, everywhere, make_delivery
from tests.databases import is_split_run
from tests.queue import away

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not is_split_run(), reason="needs a database per context"),
]
QUEUE, STEPS, COPIES, LIST = (
    "/admin/queue/",
    "/admin/queue/steps/",
    "/admin/snapshots/",
    "/admin/events/delivery/",
)
TOLD = "Cannot be reached now: Payments"


@pytest.fixture
def letter(boss: Client, store: Store) -> Delivery:
    """A dead letter in the database of the notifications."""
    return make_delivery(store)


@pytest.fixture
def without_payments(letter: Delivery) -> Iterator[None]:
    with away(alias_of("payments")):
        yield


def text_of(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.usefixtures("without_payments")
def test_the_queue_page_names_it_and_shows_the_others_dead_letters(boss: Client) -> None:
    page = text_of(boss, QUEUE)
    assert TOLD in page and "was not told of order 7" in page


def test_a_letter_about_money_is_told_without_its_order_while_the_orders_are_away(
    boss: Client, store: Store
) -> None:
    row = make_delivery(store, handler="payments.send_refund", context="payments")
    row.event.payload = {"order_id": str(row.event_id)}
    row.event.save()
    with away(alias_of("orders")):
        [cause] = boss.get(QUEUE).context["state"].causes
    assert cause.text == str(cause.meaning.effect)


def test_nothing_is_called_done_that_cannot_be_read(boss: Client, store: Store) -> None:
    with away(alias_of("payments")):
        page = text_of(boss, QUEUE)
    assert "There is nothing to decide in what can be read now." in page
    assert "Every step happened" not in page and "Everything is on time" not in page


def test_nothing_is_said_while_all_answer(boss: Client, letter: Delivery) -> None:
    assert "Cannot be reached now" not in text_of(boss, QUEUE) + text_of(boss, "/admin/")


@pytest.mark.usefixtures("without_payments")
def test_a_letter_elsewhere_can_be_tried_again(boss: Client) -> None:
    cause = boss.get(QUEUE).context["state"].causes[0]
    plan = boss.get(cause.retry_link).context["plan"]
    assert plan.count == 1
    query = {"action": "retry", "handler": cause.handler, "error": cause.error, "db": cause.alias}
    said = {"confirmed": "yes", "reason": "", "expected": plan.digest}
    answer = boss.post("/admin/queue/act/", {**query, **said})
    assert answer.status_code == 302 and [str(each) for each in get_messages(answer.wsgi_request)]
    rows = Delivery.objects.using(alias_of("notifications")).values_list("status", flat=True)
    assert list(rows) == [DeliveryStatus.PENDING]


def test_an_act_that_would_need_it_is_refused_and_changes_nothing(
    boss: Client, letter: Delivery, store: Store
) -> None:
    make_delivery(store, handler="payments.send_refund", context="payments")
    wish = {"action": "retry", "stream": letter.stream, "confirmed": "yes", "reason": ""}
    boss.raise_request_exception = False
    with away(alias_of("payments")):
        answer = boss.post("/admin/queue/act/", wish)
    assert answer.status_code == 503
    assert {row.status for row in everywhere(Delivery)} == {DeliveryStatus.DEAD}
    assert everywhere(Intervention) == []


@pytest.mark.usefixtures("without_payments")
def test_only_the_switches_that_work_are_offered(boss: Client) -> None:
    answer = boss.get(STEPS)
    contexts = {handler_named(name).context for name, _meaning, _paused in answer.context["rows"]}  # type: ignore[union-attr]
    assert answer.status_code == 200 and TOLD in answer.content.decode()
    assert "notifications" in contexts and "payments" not in contexts


@pytest.mark.usefixtures("without_payments")
def test_copies_that_cannot_be_compared_are_not_called_equal(boss: Client) -> None:
    answer = boss.get(COPIES)
    seen = {copy.keeper.context: copy.seen for copy in answer.context["copies"]}
    assert seen["payments"] is None and seen["orders"] is not None
    page = answer.content.decode()
    assert "cannot be compared now" in page and "All copies agree" not in page


@pytest.mark.usefixtures("without_payments")
def test_the_dashboard_leads_on(boss: Client) -> None:
    page = text_of(boss, "/admin/")
    assert TOLD in page and 'href="/admin/queue/"' in page
    assert "The day's figures cannot be shown now" in page


@pytest.mark.usefixtures("without_payments")
def test_the_lists_lead_to_a_database_that_answers(boss: Client) -> None:
    answer = boss.get(LIST)
    assert answer.status_code == 302 and answer["Location"] == at(LIST)
    names = {each.name: each.url for each in boss.get(at(LIST)).context["databases"]}
    assert names["Payments"] == "" and names["Notifications"]
    assert "does not answer" in text_of(boss, at(LIST))


@pytest.mark.parametrize("db", ["nowhere", "%00", "default'--"])
def test_an_act_on_a_database_that_is_not_there_is_not_found(boss: Client, letter: Delivery, db: str) -> None:
    query = f"action=retry&handler={letter.handler}&error=ConnectionError&db={db}"
    assert boss.get(f"/admin/queue/act/?{query}").status_code == 404
