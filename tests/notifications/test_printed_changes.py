"""What becomes of an order comes out of the printers too, where the order itself came out."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db.models import F

from events.models import Event
from notifications.printing import services
from notifications.printing.models import JobState, TicketKind
from notifications.printing.watch import look_after_printers
from orders.events import TabMerged
from stores.models import Store
from tests.notifications.facts import Party, announce
from tests.notifications.outside import announced, retry_now
from tests.notifications.printer import NO_PAPER, PAPER, FakePrinter, is_marked
from tests.notifications.tickets import (
    DATABASE,
    add,
    age,
    canceled,
    dish,
    jobs,
    kinds,
    order,
    states,
    voided,
)

pytestmark = pytest.mark.django_db


def test_a_canceled_order_that_was_printed_is_called_back(
    store: Store, party: Party, paper: FakePrinter
) -> None:
    add(store, paper)
    first = order(party)
    announced(first)
    announced(canceled(party, first))
    assert kinds() == [TicketKind.ORDER, TicketKind.CANCELED]
    assert jobs()[1].content["lines"] == jobs()[0].content["lines"]
    assert [is_marked(ticket) for ticket in paper.tickets] == [False, True]


def test_a_ticket_keeps_why_a_rule_called_the_order_back(
    store: Store, party: Party, paper: FakePrinter
) -> None:
    add(store, paper)
    first = order(party)
    announced(first)
    announced(replace(canceled(party, first), reason="", reason_code="by_guest"))
    told = jobs(kind=TicketKind.CANCELED)[0].content
    assert told["reason_code"] == "by_guest" and "reason" not in told


def test_a_canceled_order_that_no_printer_saw_is_not_printed(
    store: Store, party: Party, paper: FakePrinter
) -> None:
    printer = add(store, paper)
    services.pause_printer(printer_id=printer.pk, actor_name="Kim")
    first = order(party)
    announced(first, canceled(party, first))
    services.resume_printer(printer_id=printer.pk)
    retry_now()
    assert paper.tickets == [] and states() == [JobState.NEEDLESS]


def test_a_dish_taken_off_is_called_back_where_it_was_printed(
    store: Store, party: Party, paper: FakePrinter
) -> None:
    add(store, paper, name="Grill", stations=["grill"])
    add(store, paper, name="Bar", stations=["bar"])
    meat, beer = dish("갈비", station="grill"), dish("맥주", station="bar")
    first = order(party, meat, beer)
    announced(first, voided(party, first, meat["id"]))
    told = jobs(kind=TicketKind.VOIDED)
    assert [(job.printer.name, [line["name"] for line in job.content["lines"]]) for job in told] == [
        ("Grill", ["갈비"])
    ]


def test_a_party_that_moves_takes_its_plates_along(store: Store, party: Party, paper: FakePrinter) -> None:
    add(store, paper)
    announced(party.move("D4"))
    assert paper.tickets == []
    announced(order(party), party.move("E5"))
    assert kinds() == [TicketKind.ORDER, TicketKind.MOVED]
    assert jobs()[1].content["table"] == "E5"


def test_a_printer_for_orders_only_prints_no_changes(store: Store, party: Party, paper: FakePrinter) -> None:
    add(store, paper, changes=False)
    first = order(party)
    announced(first)
    announced(canceled(party, first), party.move("E5"))
    assert kinds() == [TicketKind.ORDER]


def test_a_canceled_order_that_waits_for_paper_is_not_printed(
    store: Store, party: Party, paper: FakePrinter
) -> None:
    add(store, paper)
    paper.paper = NO_PAPER
    first = order(party)
    announced(first)
    announced(canceled(party, first))
    paper.paper = PAPER
    retry_now()
    assert paper.tickets == [] and states() == [JobState.NEEDLESS]


def test_nobody_is_told_not_to_cook_what_nobody_was_told_to_cook(
    store: Store, party: Party, paper: FakePrinter
) -> None:
    add(store, paper)
    paper.paper = NO_PAPER
    meat = dish("갈비")
    first = order(party, meat)
    announced(first)
    age(minutes=21)
    look_after_printers()
    announced(voided(party, first, meat["id"]), canceled(party, first))
    assert states() == [JobState.MISSED]


def test_a_party_that_joins_another_takes_its_plates_along(
    store: Store, party: Party, paper: FakePrinter
) -> None:
    other = Party(store.pk)
    add(store, paper)
    announced(other.open(), order(party))
    announced(joined(party, other))
    moved = jobs(kind=TicketKind.MOVED)
    assert [(job.content["from_table"], job.content["table"]) for job in moved] == [("T1", "T1")]


def test_an_order_told_after_the_move_names_the_new_table(
    store: Store, party: Party, paper: FakePrinter
) -> None:
    add(store, paper)
    announced(party.open(), party.move("E5"))
    announce(order(party), deliver=False)
    Event.objects.using(DATABASE).filter(topic="order.submitted").update(
        occurred_at=F("occurred_at") - timedelta(minutes=1)
    )
    retry_now()
    assert [job.content["table"] for job in jobs()] == ["E5"]


def joined(party: Party, into: Party) -> TabMerged:
    return TabMerged(**party.at_table(), table_token="t", into_tab_id=into.tab_id, order_ids=[])


def test_an_order_told_after_its_party_joined_another_names_the_others_table(
    store: Store, party: Party, paper: FakePrinter
) -> None:
    other, last = Party(store.pk), Party(store.pk)
    add(store, paper)
    announced(other.open(), last.open(), last.move("E5"))
    announced(joined(party, other), joined(other, last), order(party))
    assert [(job.kind, job.content["table"]) for job in jobs()] == [(TicketKind.ORDER, "E5")]
    announced(last.move("F6"))
    assert [(job.kind, job.content["table"]) for job in jobs()][1:] == [(TicketKind.MOVED, "F6")]
