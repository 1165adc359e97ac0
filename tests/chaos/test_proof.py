"""A proof that cannot find anything proves nothing."""

from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F

from events.kernel.databases import alias_of
from events.models import Event
from notifications.printing.models import JobState, PrintJob
from orders.events import OrderRejected
from stores.models import Store
from tests.chaos import paper
from tests.chaos.proof import Findings, listen, too_early
from tests.chaos.tables import Row, Tables
from tests.notifications.conftest import database_urls
from tests.notifications.facts import Party, announce
from tests.notifications.outside import announced
from tests.notifications.printer import FakePrinter, fake_printer
from tests.notifications.tickets import add, canceled


@pytest.mark.django_db(transaction=True)
def test_an_order_that_the_system_refuses_before_its_time_is_a_loss(store: Store) -> None:
    party, tables = Party(store.pk), Tables(database_urls())
    order = party.submit()
    refused = OrderRejected(
        **party.at_table(),
        order_id=order.order_id,
        number=order.number,
        reason_code="no_answer",
        reason="",
        total=order.total,
        currency=order.currency,
        actor_name="",
    )
    announce(order, refused, deliver=False)
    found = too_early(tables)
    submitted = Event.objects.using(alias_of("orders")).filter(topic="order.submitted")
    submitted.update(occurred_at=F("occurred_at") - timedelta(minutes=15))
    in_time = too_early(tables)
    tables.close()
    assert [str(order.order_id) in text for text in found] == [True]
    assert in_time == []


def test_a_number_for_another_role_is_no_loss_to_a_board() -> None:
    found, others = Findings(), {3}
    listen(found, [1, 2, 4], others)
    assert found.all == []
    listen(found, [1, 2, 5, 5], others)
    assert [len(found.lost), len(found.doubled)] == [1, 1]


@pytest.mark.django_db(transaction=True)
def test_paper_that_is_missing_doubled_or_out_of_order_is_found(store: Store, settings: Any) -> None:
    settings.PRINTERS_ALLOW_LOOPBACK = True
    party, tables = Party(store.pk), Tables(database_urls())
    first, second = party.submit(), party.submit()
    orders = [(str(first.order_id), "canceled", 0, True, 1), (str(second.order_id), "served", 0, True, 1)]
    with fake_printer() as printer:
        add(store, printer)
        announced(first, second)
        called_back = _found_on_paper(orders, tables, printer)
        announced(canceled(party, first))
        nothing = _found_on_paper(orders, tables, printer)
        printer.tickets.append(printer.tickets[1])
        PrintJob.objects.filter(order_id=second.order_id).update(printed_at=F("printed_at") - timedelta(1))
        doubled = _found_on_paper(orders, tables, printer)
        del printer.tickets[1:]
        PrintJob.objects.filter(order_id=second.order_id).update(state=JobState.MISSED)
        lost = _found_on_paper(orders, tables, printer)
    tables.close()
    assert [called_back, nothing, doubled, lost] == [(1, 0, 0), (0, 0, 0), (0, 1, 1), (2, 0, 0)]


def _found_on_paper(orders: list[Row], tables: Tables, printer: FakePrinter) -> tuple[int, int, int]:
    """How much is lost, doubled and out of order."""
    lost, doubled = paper.unprinted(orders, tables, printer), paper.doubled(orders, tables, printer)
    return len(lost), len(doubled), len(paper.disorder(tables))
