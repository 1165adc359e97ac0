"""Bills follow orders and tabs."""

from itertools import permutations
from typing import Any

import pytest

from events.kernel.databases import atomic
from events.kernel.ids import new_id
from events.outbox import publish
from orders.events import TabClosed, TabMerged, TabMoved
from payments.models import Bill, GatewayAccount, Payment, StoreSnapshot, TabSnapshot
from payments.selectors import bills_of_tab
from payments.services.accounts import save_store_snapshot
from payments.services.bills import open_bill
from tests.payments.conftest import MakeParty, Party, line, published, settle_events
from tests.queue import unfinished

pytestmark = pytest.mark.django_db(transaction=True)


def tell(party: Party, event: type, **fields: object) -> None:
    with atomic("orders"):
        publish(
            event(
                store_id=party.store_id,
                tab_id=party.tab_id,
                table_id=party.table_id,
                table_name="T9",
                table_token=party.token,
                **fields,
            )
        )
    settle_events()


def test_a_tab_bill_grows_and_is_announced_again(tab_party: Party) -> None:
    tab_party.place(6500)
    tab_party.pay_cash()
    tab_party.place(4000)
    assert (tab_party.sums().due, tab_party.bill().settled_at) == (4000, None)
    assert [event.due for event in published("bill.reopened")] == [4000]
    tab_party.pay_cash()
    assert len(published("bill.paid")) == 2
    assert Bill.objects.count() == 1


def test_the_same_order_twice_is_billed_once(tab_party: Party) -> None:
    rows = [line(6500, None)]
    order = new_id()
    for _ in range(2):
        open_bill(
            store_id=tab_party.store_id,
            tab_id=tab_party.tab_id,
            order_id=order,
            order_number=1,
            pay_after="tab",
            currency="KRW",
            table={"table_id": new_id(), "table_name": "T1", "table_token": tab_party.token},
            lines=rows,
        )
    assert tab_party.sums().total == 6500


def test_a_rejection_that_overtakes_the_bill_waits_for_it(party: Party) -> None:
    order = new_id()
    party.reject(order)
    assert [row.handler for row in unfinished() if row.context == "payments"] == [
        "payments.refund_rejected_order"
    ]


def test_a_joined_tab_gives_its_lines_to_the_other_bill(tab_party: Party, make_party: MakeParty) -> None:
    other = make_party("tab", store_id=tab_party.store_id)
    tab_party.place(6500)
    other.place(4000)
    tell(tab_party, TabMerged, into_tab_id=other.tab_id, order_ids=[])
    tab_party.place(1000)  # an order that was under way
    assert other.sums().total == 11500
    other.pay_cash()
    assert [event.tab_settled for event in published("bill.paid")] == [True]
    assert {view.status for view in bills_of_tab(tab_party.tab_id)} == {"closed", "paid"}


def test_a_joined_tab_with_money_on_its_bill_keeps_the_bill(tab_party: Party, make_party: MakeParty) -> None:
    other = make_party("tab", store_id=tab_party.store_id)
    tab_party.place(6500)
    tab_party.pay_cash(500)
    other.place(4000)
    tell(tab_party, TabMerged, into_tab_id=other.tab_id, order_ids=[])
    views = bills_of_tab(other.tab_id)
    assert sorted(view.sums.due for view in views) == [4000, 6000]
    other.pay_cash()
    assert [event.tab_settled for event in published("bill.paid")] == [False, True]
    assert published("bill.paid")[-1].tab_total == 10500


@pytest.mark.parametrize("heard", list(permutations(range(3))))
def test_parties_joined_one_after_another_share_one_bill_in_whatever_order_it_is_heard(
    tab_party: Party, make_party: MakeParty, heard: tuple[int, ...]
) -> None:
    parties = [tab_party, *(make_party("tab") for _ in range(3))]
    for party, price in zip(parties, (6500, 4000, 3000, 2000), strict=True):
        party.store_id = tab_party.store_id
        party.place(price)
    for index in heard:
        tell(parties[index], TabMerged, into_tab_id=parties[index + 1].tab_id, order_ids=[])
    tab_party.place(1000)  # an order that was under way
    last = parties[-1]
    assert last.sums().total == last.sums().due == 16500
    assert set(TabSnapshot.objects.exclude(merged_into=None).values_list("merged_into", flat=True)) == {
        last.tab_id
    }
    last.pay_cash()
    assert [event.tab_settled for event in published("bill.paid")] == [True]


@pytest.mark.parametrize("paid_first", [True, False])
def test_a_joined_bill_on_which_nothing_is_left_settles_the_tab(
    tab_party: Party, make_party: MakeParty, paid_first: bool
) -> None:
    other = make_party("tab", store_id=tab_party.store_id)
    tab_party.place(6500)
    tab_party.pay_cash(6500 if paid_first else 500)
    gone = other.place(4000)
    tell(tab_party, TabMerged, into_tab_id=other.tab_id, order_ids=[])
    assert not any(event.tab_settled for event in published("bill.paid") if event.tab_id == other.tab_id)
    other.reject(gone)
    if not paid_first:
        other.pay_cash()
    last = published("bill.paid")[-1]
    assert (last.tab_id, last.tab_settled, last.tab_total) == (other.tab_id, True, 6500)


def test_a_paid_party_is_settled_with_one_whose_bill_came_to_nothing(
    tab_party: Party, make_party: MakeParty
) -> None:
    other = make_party("tab", store_id=tab_party.store_id)
    gone = other.place(4000)
    other.pay_cash(500)
    other.reject(gone)
    tab_party.place(6500)
    tab_party.pay_cash()
    tell(tab_party, TabMerged, into_tab_id=other.tab_id, order_ids=[])
    last = published("bill.paid")[-1]
    assert (last.tab_id, last.tab_settled, last.tab_total) == (other.tab_id, True, 6500)


def test_a_phone_that_names_no_bill_pays_one_that_owes(
    tab_party: Party, make_party: MakeParty, wallet: Any
) -> None:
    other = make_party("tab", store_id=tab_party.store_id)
    tab_party.place(6500)
    tab_party.pay_cash()
    other.place(4000)
    tell(tab_party, TabMerged, into_tab_id=other.tab_id, order_ids=[])
    assert other.phone().start().amount == 4000


def test_a_joined_phone_that_names_no_bill_pays_where_its_dishes_went(
    tab_party: Party, make_party: MakeParty, wallet: Any
) -> None:
    other = make_party("tab", store_id=tab_party.store_id)
    tab_party.place(6500)
    tell(tab_party, TabMerged, into_tab_id=other.tab_id, order_ids=[])
    assert tab_party.phone().start(share={"kind": "mine"}).amount == 6500


def test_a_phone_that_names_no_bill_where_all_is_paid_pays_nothing(tab_party: Party) -> None:
    tab_party.place(6500)
    tab_party.pay_cash()
    before = Payment.objects.count()
    assert tab_party.phone().pay().json()["type"] == "urn:hansang:problem:nothing-to-pay"
    assert Payment.objects.count() == before


def test_a_tab_whose_only_order_is_rejected_is_not_called_paid(tab_party: Party) -> None:
    tab_party.reject(tab_party.place(4000))
    assert not published("bill.paid")
    tab_party.place(3000)
    assert tab_party.sums().due == 3000


def test_two_tabs_that_had_paid_are_announced_together(tab_party: Party, make_party: MakeParty) -> None:
    other = make_party("tab", store_id=tab_party.store_id)
    for party, price in ((tab_party, 6500), (other, 4000)):
        party.place(price)
        party.pay_cash()
    tell(tab_party, TabMerged, into_tab_id=other.tab_id, order_ids=[])
    last = published("bill.paid")[-1]
    assert (last.tab_id, last.tab_settled, last.tab_total) == (other.tab_id, True, 10500)


def join(party: Party, other: Party) -> None:
    """The party joins the other one, which sits at T5."""
    place = {"table_id": other.table_id, "table_name": "T5", "table_token": other.token}
    into = {f"into_{name}": value for name, value in place.items()}
    tell(party, TabMerged, into_tab_id=other.tab_id, order_ids=[], **into)


def place_of(bill: Bill) -> tuple[Any, ...]:
    return bill.table_id, bill.table_name, bill.table_token


@pytest.mark.parametrize("story", ["untouched", "part_paid", "pay_first", "under_way"])
def test_bills_of_a_joined_party_name_the_table_where_it_sits_now(make_party: MakeParty, story: str) -> None:
    pay_after = "order" if story == "pay_first" else "tab"
    party, other = make_party(pay_after), make_party(pay_after)
    if story != "under_way":
        party.place(6500)
    if story == "part_paid":
        party.pay_cash(500)
    join(party, other)
    if story == "under_way":
        party.place(6500)
    assert place_of(other.bill()) == (other.table_id, "T5", other.token)


def test_where_a_party_has_moved_since_counts_more_than_where_it_was_joined(
    tab_party: Party, make_party: MakeParty
) -> None:
    other = make_party("tab")
    tab_party.place(6500)
    tell(other, TabMoved, from_table_id=new_id(), from_table_name="T5")
    join(tab_party, other)
    assert other.bill().table_name == "T9"


def test_a_party_joined_by_an_older_release_gets_its_table_from_its_own_order(
    tab_party: Party, make_party: MakeParty
) -> None:
    other = make_party("tab")
    tab_party.place(6500)
    tell(tab_party, TabMerged, into_tab_id=other.tab_id, order_ids=[])
    other.place(4000)
    assert place_of(other.bill()) == (other.table_id, "T1", other.token)


def test_a_moved_party_takes_its_bill_along(tab_party: Party) -> None:
    tab_party.place(6500)
    tell(tab_party, TabMoved, from_table_id=new_id(), from_table_name="T1")
    assert tab_party.bill().table_name == "T9"


def test_a_closed_tab_takes_no_more_payments(tab_party: Party) -> None:
    tab_party.place(6500)
    tell(tab_party, TabClosed, reason="left")
    assert tab_party.phone().pay().json()["type"] == "urn:hansang:problem:bill-closed"
    assert tab_party.phone().bill()["bills"][0]["status"] == "closed"


def test_the_bill_speaks_the_guests_language(party: Party) -> None:
    party.place(6500)
    phone = party.phone()
    phone.api.cookies["hs_lang"] = "en"
    row = phone.bill()["bills"][0]["lines"][0]
    assert (row["name"], row["options_text"]) == ("Gimbap", "Cheese")
    phone.api.cookies["hs_lang"] = "ko"
    assert phone.bill()["bills"][0]["lines"][0]["name"] == "김밥"


def test_an_older_snapshot_is_ignored_and_accounts_are_made_once(party: Party) -> None:
    changed = save_store_snapshot(store_id=party.store_id, version_number=0, snapshot={"name": "old"})
    assert not changed
    save_store_snapshot(store_id=party.store_id, version_number=2, snapshot={"name": "new"})
    assert StoreSnapshot.objects.get(pk=party.store_id).data == {"name": "new"}
    assert GatewayAccount.objects.filter(store_id=party.store_id).count() == 2
