"""Lists and pages of the queue's rows when each context has a database of its own: nothing is out of sight.

With one database no address names it, and there is nothing to choose.
"""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from events import operations
from events.kernel.database_choice import database_name, databases, in_database
from events.kernel.databases import alias_of
from events.models import Delivery, DeliveryStatus, Event, Intervention
from events.operations import Actor
from stores.models import Store
from tests.admin.conftest import at, everywhere, make_delivery
from tests.databases import is_split_run
from tests.factories import make_store

LISTS = ["/admin/events/event/", "/admin/events/delivery/", "/admin/events/intervention/"]
LIST = "/admin/events/delivery/"
split_only = pytest.mark.skipif(not is_split_run(), reason="there is one database")
whole_only = pytest.mark.skipif(is_split_run(), reason="there is a database per context")
REFUND: dict[str, Any] = {"handler": "payments.send_refund", "context": "payments"}


def shown(client: Client, path: str) -> list[Any]:
    return list(client.get(path).context["cl"].result_list)


def asked_for(path: str) -> str:
    return parse_qs(urlsplit(path).query)["db"][0]


@whole_only
@pytest.mark.parametrize("path", LISTS)
def test_with_one_database_nothing_is_chosen(boss: Client, store: Store, path: str) -> None:
    make_delivery(store)
    page = boss.get(path)
    assert page.status_code == 200
    assert "hs-databases" not in page.content.decode() and "db=" not in page.content.decode()
    assert in_database("/x/?a=1", "default") == "/x/?a=1"


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("db", ["nowhere", "%00", "default'--", "0", "é"])
def test_a_database_that_is_not_there_is_not_found(boss: Client, store: Store, path: str, db: str) -> None:
    row = make_delivery(store)
    for address in (path, f"{path}{row.pk}/change/", f"{LIST}{row.pk}/retry_one/"):
        assert boss.get(f"{address}?db={db}").status_code == 404
    assert boss.post(f"{LIST}{row.pk}/retry_one/?db={db}", {"confirmed": "yes"}).status_code == 404
    assert [each.status for each in everywhere(Delivery)] == [DeliveryStatus.DEAD]


@split_only
@pytest.mark.parametrize("context", ["payments", "notifications"])
def test_every_databases_rows_can_be_seen(boss: Client, store: Store, context: str) -> None:
    rows = {"payments": make_delivery(store, **REFUND), "notifications": make_delivery(store)}
    wanted = rows[context]
    assert [row.pk for row in shown(boss, at(LIST, context))] == [wanted.pk]
    assert [row.pk for row in shown(boss, at("/admin/events/event/", context))] == [wanted.event_id]
    page = boss.get(at(f"{LIST}{wanted.pk}/change/", context))
    assert page.context["original"].handler == wanted.handler
    assert database_name(alias_of(context)) in page.content.decode()


@split_only
def test_the_scope_by_store_holds_in_each_database(boss: Client, store: Store) -> None:
    foreign = make_delivery(make_store(), **REFUND)
    mine = Delivery.objects.using("payments").filter(pk=foreign.pk)
    operations.retry(mine, actor=Actor(None, "Kim"), reason="secret reason")
    history = everywhere(Intervention)
    assert [row._state.db for row in history] == ["payments"]
    for alias in databases():
        assert not [row for path in LISTS for row in shown(boss, f"{path}?db={alias}")]
    for path, pk in (("delivery", foreign.pk), ("event", foreign.event_id), ("intervention", history[0].pk)):
        for query in ("", "?db=payments"):
            assert boss.get(f"/admin/events/{path}/{pk}/change/{query}").status_code == 302
    assert boss.get(f"{LIST}{foreign.pk}/discard_one/?db=payments").status_code == 404


@split_only
def test_a_list_without_a_database_leads_to_one_that_has_what_was_asked(boss: Client, store: Store) -> None:
    make_delivery(store, DeliveryStatus.DONE)
    make_delivery(store, **REFUND)
    answer = boss.get(LIST, {"status__exact": "3"})
    assert answer.status_code == 302 and asked_for(answer["Location"]) == "payments"
    assert "status__exact=3" in answer["Location"]
    assert asked_for(boss.get(LIST, {"status__exact": "2"})["Location"]) == "notifications"
    assert asked_for(boss.get(LIST, {"status__exact": "4"})["Location"]) == databases()[0]
    assert boss.get(LIST, {"nonsense": "1"}, follow=True).status_code == 200


@split_only
def test_the_chooser_counts_what_each_database_would_show(boss: Client, store: Store) -> None:
    make_delivery(store, **REFUND)
    for number in range(2):
        make_delivery(store, stream=f"order:{number}")
    page = boss.get(at(f"{LIST}?status__exact=3&q=order", "payments"))
    found = {asked_for(each.url): each for each in page.context["databases"]}
    assert {alias: each.rows for alias, each in found.items() if each.rows} == {
        "payments": 1,
        "notifications": 2,
    }
    assert [alias for alias, each in found.items() if each.is_chosen] == ["payments"]
    assert all("status__exact=3" in each.url and "q=order" in each.url for each in found.values())
    text = page.content.decode()
    assert 'aria-current="page">Payments' in text and "<title> Payments |" in text
    assert "default" not in found  # no context is left in it


@split_only
def test_what_contexts_left_behind_is_offered_last(boss: Client, store: Store) -> None:
    old = make_delivery(store)
    Event.objects.using("notifications").get(pk=old.event_id).save(using="default", force_insert=True)
    old.save(using="default", force_insert=True)
    page = boss.get(at(LIST, "payments"))
    assert [asked_for(each.url) for each in page.context["databases"]][-1] == "default"


@split_only
def test_search_paging_order_and_filters_keep_the_database(
    boss: Client, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("events.admin.DeliveryAdmin.list_per_page", 1)
    for number in range(3):
        make_delivery(store, stream=f"order:{number}", **REFUND)
    page = boss.get(at(LIST, "payments"))
    text, shown_list = page.content.decode(), page.context["cl"]
    assert '<input type="hidden" name="db" value="payments">' in text
    assert "db=payments&amp;p=2" in text or "p=2&amp;db=payments" in text
    assert all(
        "db=payments" in choice["query_string"]
        for spec in shown_list.filter_specs
        for choice in spec.choices(shown_list)
    )
    assert not shown_list.has_active_filters
    assert "db=payments" in shown_list.get_query_string(remove=shown_list.get_filters_params())
    for row in shown_list.result_list:
        assert f"{row.pk}/change/?" in text and asked_for(shown_list.url_for_result(row)) == "payments"


@split_only
def test_equal_numbers_in_two_databases_are_two_rows(boss: Client, store: Store) -> None:
    refund = make_delivery(store, **REFUND)
    alarm = make_delivery(store)
    type(alarm).objects.using("notifications").filter(pk=alarm.pk).update(id=refund.pk)
    address = at(f"{LIST}{refund.pk}/change/", "payments")
    page = boss.get(address)
    links = [action["path"] for action in page.context["actions_detail"]]
    assert len(links) == 2 and {asked_for(link) for link in links} == {"payments"}
    retry = next(link for link in links if "retry_one" in link)
    asked = boss.get(retry)
    assert [row.handler for row in asked.context["plan"].examples] == ["payments.send_refund"]
    answer = boss.post(retry, {"confirmed": "yes", "reason": "", "expected": asked.context["plan"].digest})
    assert answer.status_code == 302 and asked_for(answer["Location"]) == "payments"
    told = {row.handler: row.status for row in everywhere(Delivery)}
    assert told == {"payments.send_refund": 0, "notifications.ring_for_order": 3}


@split_only
def test_an_act_that_names_no_database_is_refused(boss: Client, store: Store) -> None:
    row = make_delivery(store)
    form = {"action": "discard_selected", "_selected_action": [row.pk], "confirmed": "yes", "reason": "x"}
    assert boss.post(LIST, form).status_code == 404
    assert boss.post(f"{LIST}{row.pk}/retry_one/", {"confirmed": "yes", "reason": ""}).status_code == 404
    assert [each.status for each in everywhere(Delivery)] == [DeliveryStatus.DEAD]
    assert not everywhere(Intervention)


@split_only
def test_a_selection_acts_in_its_own_database(boss: Client, store: Store) -> None:
    row, other = make_delivery(store, **REFUND), make_delivery(store)
    form = {"action": "discard_selected", "_selected_action": [row.pk], "reason": "no use"}
    page = boss.post(at(LIST, "payments"), form)
    assert page.status_code == 200 and page.context["plan"].count == 1
    answer = boss.post(at(LIST, "payments"), {**form, "confirmed": "yes"})
    assert answer.status_code == 302 and asked_for(answer["Location"]) == "payments"
    row.refresh_from_db()
    other.refresh_from_db()
    assert (row.status, other.status) == (DeliveryStatus.DISCARDED, DeliveryStatus.DEAD)


@split_only
def test_an_event_without_a_database_is_found_and_names_all_its_steps(boss: Client, store: Store) -> None:
    row = make_delivery(store)
    copy = Event.objects.using("notifications").get(pk=row.event_id)
    copy.seq, copy.stream = 1, "order:1"
    copy.save(using="payments", force_insert=True)
    refund = Delivery(event_id=copy.pk, seq=1, status=DeliveryStatus.DONE, **REFUND)
    refund.save(using="payments")
    path = f"/admin/events/event/{row.event_id}/change/"
    assert asked_for(boss.get(path)["Location"]) == "payments"
    text = boss.get(at(path)).content.decode()
    assert f"{LIST}{row.pk}/change/?db=notifications" in text
    assert f"{LIST}{refund.pk}/change/?db=payments" in text


@split_only
def test_links_from_the_queue_page_and_from_the_history_name_the_database(boss: Client, store: Store) -> None:
    row = make_delivery(store, **REFUND)
    page = boss.get("/admin/queue/")
    [cause] = page.context["state"].causes
    assert [each.pk for each in shown(boss, cause.letters_link)] == [row.pk]
    assert "handler=payments.send_refund&amp;db=payments" in page.content.decode()
    mine = Delivery.objects.using("payments").filter(pk=row.pk)
    operations.retry(mine, actor=Actor(None, "Kim"))
    [told] = everywhere(Intervention)
    text = boss.get(at(f"/admin/events/intervention/{told.pk}/change/", "payments")).content.decode()
    assert f"{LIST}{row.pk}/change/?db=payments" in text


@pytest.mark.parametrize("key", ["0", "x", "9" * 40, "%00", "_5F"])
@pytest.mark.parametrize("path", LISTS)
def test_a_row_that_is_not_there_is_no_error(boss: Client, store: Store, path: str, key: str) -> None:
    for query in ("", f"?db={databases()[0]}"):
        assert boss.get(f"{path}{key}/change/{query}").status_code in {302, 404}
