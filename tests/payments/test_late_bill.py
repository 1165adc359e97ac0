"""A bill that comes while a phone asks for it, or after its party has left."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from django.db import connections

from events.kernel.databases import alias_of, atomic
from events.outbox import publish
from orders.events import TabClosed, TabMerged
from payments.models import Bill, LedgerEntry, Payment, TabSnapshot
from payments.services.bills import merge_tab
from payments.services.start_payment import Payer, Share, Wish, _may_be_on_its_way
from tests.payments.conftest import MakeParty, Party, published, settle_events

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_bill_that_was_written_since_it_was_looked_for_is_asked_for_again(party: Party) -> None:
    order = party.place(6500)
    payer = Payer(guest_id=uuid4(), tab_id=party.tab_id, token="")
    assert _may_be_on_its_way(payer, Wish("sandbox", Share(), order_id=order))


def leave(party: Party, reason: str = "walked out") -> None:
    tell(party, TabClosed, reason=reason)


def tell(party: Party, event: type, **fields: Any) -> None:
    with atomic("orders"):
        place = {"table_id": party.table_id, "table_name": "T1", "table_token": party.token}
        publish(event(store_id=party.store_id, tab_id=party.tab_id, **place, **fields))
    settle_events()


def closed(bill: Bill) -> tuple[bool, str]:
    return bill.closed_at is not None, bill.close_reason


@pytest.mark.parametrize("pay_after", ["order", "tab"])
def test_an_order_billed_after_its_party_left_takes_no_payment(
    make_party: MakeParty, wallet: Any, pay_after: str
) -> None:
    party = make_party(pay_after)
    leave(party)
    order = party.place(6500)
    assert closed(party.bill(order)) == (True, "walked out")
    refused = party.phone().pay(**({"order_id": str(order)} if pay_after == "order" else {}))
    assert refused.json()["type"] == "urn:hansang:problem:bill-closed"
    assert not Payment.objects.exists() and not published("bill.paid")
    assert party.phone().bill()["bills"][0]["status"] == "closed"


def test_a_round_billed_after_its_party_left_is_written_off_with_the_others(tab_party: Party) -> None:
    tab_party.place(4000)
    leave(tab_party)
    tab_party.place(6500)
    assert closed(tab_party.bill()) == (True, "walked out")
    assert (tab_party.sums().due, LedgerEntry.objects.count()) == (10500, 0)


def test_an_order_of_a_joined_party_ends_with_the_party_it_sits_with(
    tab_party: Party, make_party: MakeParty
) -> None:
    other = make_party("tab", store_id=tab_party.store_id)
    tell(tab_party, TabMerged, into_tab_id=other.tab_id, order_ids=[])
    leave(other)
    tab_party.place(6500)
    assert closed(other.bill()) == (True, "walked out")


def test_a_party_that_is_joined_to_one_that_left_leaves_with_it(
    tab_party: Party, make_party: MakeParty
) -> None:
    other = make_party("tab", store_id=tab_party.store_id)
    tab_party.place(6500)
    leave(other)
    tell(tab_party, TabMerged, into_tab_id=other.tab_id, order_ids=[])
    assert closed(other.bill()) == (True, "walked out")
    assert closed(tab_party.bill()) == (True, "merged")


def test_an_order_of_a_joined_party_that_stays_can_be_paid(tab_party: Party, make_party: MakeParty) -> None:
    other = make_party("tab", store_id=tab_party.store_id)
    tell(tab_party, TabMerged, into_tab_id=other.tab_id, order_ids=[])
    tab_party.place(6500)
    assert closed(other.bill()) == (False, "")


def test_a_party_joined_on_and_a_bill_that_opens_do_not_wait_for_each_other(
    tab_party: Party, make_party: MakeParty
) -> None:
    second, third = make_party("tab"), make_party("tab")
    tell(tab_party, TabMerged, into_tab_id=second.tab_id, order_ids=[])
    tabs = {"store_id": second.store_id, "tab_id": second.tab_id, "into_tab_id": third.tab_id}
    with ThreadPoolExecutor(1) as pool:
        with atomic("payments"):
            rows = TabSnapshot.objects.select_for_update(nowait=True)
            rows.get(pk=tab_party.tab_id)  # as a bill that opens: first the tab, then who it sits with
            merged = pool.submit(alone, lambda: merge_tab(**tabs, table={}, into_table={}))
            while not is_anybody_waiting():
                assert not merged.done()
            rows.get(pk=second.tab_id)
        merged.result(20)
    assert TabSnapshot.objects.get(pk=tab_party.tab_id).merged_into == third.tab_id


def alone(call: Callable[[], None]) -> None:
    """Runs the call in this thread and closes the thread's connections."""
    try:
        call()
    finally:
        connections.close_all()


def is_anybody_waiting() -> bool:
    """Whether a statement waits for somebody's lock."""
    with connections[alias_of("payments")].cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")  # a transaction sees one state of its neighbors
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_locks JOIN pg_stat_activity USING (pid)"
            " WHERE NOT granted AND datname = current_database())"
        )
        return bool(cursor.fetchone()[0])
