"""Printers, people and sweepers at the same moment: no ticket and no alarm falls between them."""

import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.db.models import F

from events.models import PausedHandler
from notifications.models import Kind, Notification
from notifications.printing import asking, services, watch
from notifications.printing.models import JobState, Paper, PrintJob, TicketKind, Way
from notifications.printing.watch import look_after_printers
from notifications.services import acknowledge
from orders.events import TabMerged
from stores.models import Store
from tests.notifications.facts import Party
from tests.notifications.outside import announced, retry_now
from tests.notifications.printer import NO_PAPER, PAPER, FakePrinter, fake_printer
from tests.notifications.tickets import (
    DATABASE,
    add,
    age,
    alarms,
    canceled,
    dish,
    jobs,
    kinds,
    order,
    states,
    voided,
)

pytestmark = pytest.mark.django_db


def test_what_is_given_up_in_mid_attempt_may_be_on_paper(store: Store, party: Party) -> None:
    printer = add(store)
    first = order(party)
    announced(first)
    assert asking.fetch(printer, "")  # on paper, and the printer's network dies
    age(minutes=23)
    look_after_printers()
    text = alarms(acked_at=None)[-1].data["texts"]["en"]
    assert "Cook them" not in text and "may be on paper" in text


def test_what_may_be_on_paper_is_called_back_though_it_was_given_up(store: Store, party: Party) -> None:
    printer = add(store)
    first = order(party)
    announced(first)
    assert asking.fetch(printer, "")
    age(minutes=23)
    look_after_printers()
    announced(canceled(party, first))
    assert kinds() == [TicketKind.ORDER, TicketKind.CANCELED]


def test_the_word_of_the_old_device_binds_no_new_one(
    store: Store, party: Party, paper: FakePrinter, monkeypatch: Any
) -> None:
    monkeypatch.setattr("notifications.printing.network.STATUS_SECONDS", 0.05)
    printer = add(store, paper)
    paper.paper = NO_PAPER
    announced(order(party))
    [job] = jobs()
    assert services.begin(job)  # runs at the old device
    with fake_printer() as mute:
        mute.is_mute = True
        services.change_printer(
            printer_id=printer.pk,
            changes=True,
            name="Kitchen",
            way=Way.LAN,
            host=mute.host,
            port=mute.port,
            paper=Paper.WIDE,
            language="ko",
            stations=[],
        )
        services.finish(job, talks=True)  # the old device's word
        announced(order(party))
        retry_now()
        printer.refresh_from_db()
        assert (printer.talks, states()) == (False, [JobState.PRINTED] * 2), jobs()[1].problem


def test_a_copy_of_what_was_missed_is_called_back(store: Store, party: Party, paper: FakePrinter) -> None:
    add(store, paper)
    paper.paper = NO_PAPER
    first = order(party)
    announced(first)
    age(minutes=21)
    look_after_printers()
    paper.paper = PAPER
    services.print_again(job_id=jobs()[0].pk, actor_name="Kim")
    retry_now()
    assert len(paper.tickets) == 1
    announced(canceled(party, first))
    assert kinds() == [TicketKind.ORDER, TicketKind.ORDER, TicketKind.CANCELED]


def test_a_copy_that_waits_is_not_printed_after_the_cancellation(
    store: Store, party: Party, paper: FakePrinter
) -> None:
    add(store, paper)
    first = order(party)
    announced(first)
    paper.paper = NO_PAPER
    services.print_again(job_id=jobs()[0].pk, actor_name="Kim")
    retry_now()
    announced(canceled(party, first))
    assert jobs()[1].state == JobState.NEEDLESS


def test_a_copy_that_does_not_come_out_is_told_of(store: Store, party: Party, paper: FakePrinter) -> None:
    add(store, paper)
    paper.paper = NO_PAPER
    announced(order(party))
    age(minutes=21)
    look_after_printers()
    services.print_again(job_id=jobs()[0].pk, actor_name="Kim")
    acknowledge(
        store_id=store.pk, seqs=[a.seq for a in alarms(acked_at=None)], actor_id=None, actor_name="Kim"
    )
    retry_now()
    age(seconds=50)
    assert look_after_printers() == 1
    age(minutes=21)
    look_after_printers()
    look_after_printers()
    assert states() == [JobState.MISSED] * 2
    assert [a for a in alarms(acked_at=None)], "nobody is told"


def test_a_sweeper_that_looked_before_silences_no_newer_alarm(
    store: Store, party: Party, paper: FakePrinter, monkeypatch: Any
) -> None:
    """Sweeper A looked before the ticket grew late; B rings; A silences."""
    add(store, paper)
    paper.paper = NO_PAPER
    announced(order(party))
    real = watch._silence

    def slow(late: Any) -> None:  # A's list is made; meanwhile B goes round
        monkeypatch.setattr(watch, "_silence", real)
        age(seconds=46)
        assert look_after_printers() == 1  # B
        real(late)

    monkeypatch.setattr(watch, "_silence", slow)
    look_after_printers()  # A
    look_after_printers()
    look_after_printers()
    assert len(alarms(acked_at=None)) == 1, [a.acked_by for a in alarms()]


def test_another_address_that_prints_nothing_either_rings_again(
    store: Store, party: Party, paper: FakePrinter
) -> None:
    printer = add(store, paper)
    paper.paper = NO_PAPER
    announced(order(party))
    age(seconds=46)
    look_after_printers()
    rang_earlier()
    with fake_printer() as other:
        other.paper = NO_PAPER
        services.change_printer(
            printer_id=printer.pk,
            changes=True,
            name="Kitchen",
            way=Way.LAN,
            host=other.host,
            port=other.port,
            paper=Paper.WIDE,
            language="ko",
            stations=[],
        )
        look_after_printers()
        retry_now()
        age(seconds=46)
        look_after_printers()
        assert states() == [JobState.QUEUED]
        assert len(alarms(acked_at=None)) == 1


def test_a_printer_that_goes_on_and_prints_nothing_rings_again(
    store: Store, party: Party, paper: FakePrinter
) -> None:
    printer = add(store, paper)
    paper.paper = NO_PAPER
    announced(order(party))
    age(seconds=46)
    look_after_printers()
    rang_earlier()
    services.pause_printer(printer_id=printer.pk, actor_name="Kim")
    services.resume_printer(printer_id=printer.pk)
    retry_now()
    age(seconds=46)
    look_after_printers()
    assert len(alarms(acked_at=None)) == 1


def test_an_order_after_a_move_names_its_own_table_though_the_move_is_not_known_here(
    store: Store, party: Party, paper: FakePrinter
) -> None:
    add(store, paper)
    announced(party.open())
    PausedHandler.objects.using(DATABASE).create(handler="notifications.tell_tab_moved")
    announced(party.move("E5"))
    announced(replace(order(party), table_name="E5"))
    assert [job.content["table"] for job in jobs(kind=TicketKind.ORDER)] == ["E5"]


def test_a_party_that_joined_another_moves_with_it(store: Store, party: Party, paper: FakePrinter) -> None:
    other = Party(store.pk)
    add(store, paper)
    announced(other.open(), order(party))
    announced(TabMerged(**party.at_table(), table_token="t", into_tab_id=other.tab_id, order_ids=[]))
    announced(other.move("E5"))
    assert [j.content["table"] for j in jobs(kind=TicketKind.MOVED)] == ["T1", "E5"]


def test_what_cannot_be_drawn_is_on_no_paper_and_holds_up_nobody(
    store: Store, party: Party, paper: FakePrinter, monkeypatch: Any
) -> None:
    add(store, paper)
    monkeypatch.setattr("notifications.printing.drawing.FIRST_HEIGHT", -1)
    announced(order(party))
    for _ in range(3):
        retry_now()
    look_after_printers()
    assert states() == [JobState.MISSED] and "Cook them" in alarms()[-1].data["texts"]["en"]
    monkeypatch.undo()
    announced(order(party))
    assert states() == [JobState.MISSED, JobState.PRINTED]


def test_a_word_counts_though_the_printer_was_paused_meanwhile(store: Store, party: Party) -> None:
    printer = add(store)
    announced(order(party))
    job = asking.hear(printer, "200 OK", is_busy=False)
    assert job is not None
    assert asking.fetch(printer, job.public_id)
    services.pause_printer(printer_id=printer.pk, actor_name="Kim")
    asking.fetch(printer, job.public_id)  # it asks again: its network stumbled
    asking.conclude(printer, job.public_id, "200 OK")
    assert states() == [JobState.PRINTED]


def test_a_word_counts_though_the_ticket_was_given_up_meanwhile(store: Store, party: Party) -> None:
    printer = add(store)
    announced(order(party))
    job = asking.hear(printer, "200 OK", is_busy=False)
    assert job is not None
    assert asking.fetch(printer, job.public_id)
    age(minutes=23)
    look_after_printers()
    asking.conclude(printer, job.public_id, "200 OK")
    assert states() == [JobState.PRINTED]


def test_a_test_ticket_learns_that_a_spare_printer_never_speaks(
    store: Store, party: Party, paper: FakePrinter, monkeypatch: Any
) -> None:
    monkeypatch.setattr("notifications.printing.network.STATUS_SECONDS", 0.05)
    printer = add(store, paper)
    announced(order(party))
    paper.is_mute = True  # a spare one under the fixed address
    announced(order(party))
    services.print_test(printer_id=printer.pk, actor_name="Kim")
    retry_now()
    assert states()[1] == JobState.PRINTED


def test_no_paper_tells_of_dishes_that_no_paper_named(store: Store, party: Party, paper: FakePrinter) -> None:
    """Order waits, party moves, order canceled: only paper about nothing comes out."""
    add(store, paper)
    paper.paper = NO_PAPER
    meat, rice = dish("갈비"), dish("밥")
    first = order(party, meat, rice)
    announced(first)
    announced(voided(party, first, meat["id"]))
    announced(canceled(party, first))
    paper.paper = PAPER
    retry_now()
    assert paper.tickets == [], [(j.kind, j.state) for j in jobs()]


@pytest.mark.django_db(transaction=True, databases="__all__")
def test_giving_up_and_calling_back_take_turns(
    store: Store, party: Party, paper: FakePrinter, monkeypatch: Any
) -> None:
    from notifications.printing.services import writing

    add(store, paper)
    paper.paper = NO_PAPER
    first = order(party)
    announced(first)
    age(minutes=21)
    real = writing._is_taken_out

    def late(job: PrintJob) -> bool:
        def sweep() -> None:
            try:
                look_after_printers()
            finally:
                connections.close_all()

        thread = threading.Thread(target=sweep)
        thread.start()
        thread.join(2)
        return real(job)

    monkeypatch.setattr(writing, "_is_taken_out", late)
    announced(canceled(party, first))
    assert kinds() == [TicketKind.ORDER]


def test_a_late_failure_of_an_overtaken_attempt_blames_nobody(
    store: Store, party: Party, paper: FakePrinter
) -> None:
    printer = add(store, paper)
    paper.paper = NO_PAPER
    announced(order(party))
    [job] = jobs()
    assert services.begin(job)
    paper.paper = PAPER
    retry_now()  # a later attempt printed it
    services.note_problem(job, "no_word", is_unsure=True)
    printer.refresh_from_db()
    assert states() == [JobState.PRINTED] and printer.problem == ""


def rang_earlier() -> None:
    """As `age` does with tickets: two minutes pass."""
    rows = Notification.objects.filter(kind=Kind.PRINTER_DOWN)
    assert rows.update(created_at=F("created_at") - timedelta(minutes=2))
