"""A printer that does not print is heard of, once, and old orders are never printed late."""

from typing import Any

import pytest
from django.conf import settings

from events.kernel.ids import new_id
from events.models import DeliveryStatus
from notifications.models import Kind, Notification
from notifications.printing import services
from notifications.printing.models import MAX_DOUBTS, JobState, PrintJob
from notifications.printing.watch import look_after_printers
from notifications.services import acknowledge
from orders.board_texts import board_texts
from stores.models import Store
from tests.notifications.facts import Party
from tests.notifications.outside import announced, retry_now
from tests.notifications.printer import NO_PAPER, PAPER, FakePrinter
from tests.notifications.tickets import add, age, alarms, canceled, deliveries, order, states

pytestmark = pytest.mark.django_db


@pytest.fixture
def empty(paper: FakePrinter) -> FakePrinter:
    """A printer without paper."""
    paper.paper = NO_PAPER
    return paper


def test_the_boards_ring_once_when_a_ticket_is_late(store: Store, party: Party, empty: FakePrinter) -> None:
    add(store, empty)
    announced(order(party))
    assert look_after_printers() == 0 and alarms() == []
    age(seconds=46)
    assert look_after_printers() == 1
    assert look_after_printers() == 0
    [alarm] = alarms()
    assert (alarm.channel, alarm.audience) == (f"store:{store.pk}", "")


def test_the_alarm_says_in_every_language_which_orders_wait_and_why(
    store: Store, party: Party, empty: FakePrinter
) -> None:
    add(store, empty, name="주방")
    announced(order(party), order(party))
    age(seconds=46)
    look_after_printers()
    [alarm] = alarms()
    texts = alarm.data["texts"]
    assert set(texts) == {code for code, _name in settings.LANGUAGES}
    assert len(set(texts.values())) == len(texts)
    assert all("주방" in text and "1, 2" in text for text in texts.values())
    assert "no paper" in texts["en"]


def test_the_alarm_falls_silent_by_itself_when_the_printer_prints(
    store: Store, party: Party, empty: FakePrinter
) -> None:
    add(store, empty)
    announced(order(party))
    age(seconds=46)
    look_after_printers()
    empty.paper = PAPER
    retry_now()
    look_after_printers()
    assert alarms(acked_at=None) == [] and len(alarms()) == 1


def test_a_taken_alarm_rings_again_for_later_tickets_only(
    store: Store, party: Party, empty: FakePrinter
) -> None:
    add(store, empty)
    announced(order(party))
    age(seconds=46)
    look_after_printers()
    acknowledge(store_id=store.pk, seqs=[alarms()[0].seq], actor_id=None, actor_name="Kim")
    assert look_after_printers() == 0
    empty.paper = PAPER
    retry_now()
    empty.paper = NO_PAPER
    announced(order(party))
    age(seconds=46)
    assert look_after_printers() == 1


def test_an_old_ticket_is_given_up_and_the_boards_say_which(
    store: Store, party: Party, empty: FakePrinter
) -> None:
    add(store, empty)
    announced(order(party))
    age(minutes=21)
    announced(order(party))
    look_after_printers()
    [told] = [alarm for alarm in alarms() if alarm.data["missed"]]
    assert "1" in told.data["texts"]["en"] and "2" not in told.data["texts"]["en"]
    empty.paper = PAPER
    retry_now()
    assert states() == [JobState.MISSED, JobState.PRINTED] and len(empty.tickets) == 1
    assert {row.status for row in deliveries()} == {DeliveryStatus.DONE}
    look_after_printers()
    assert [alarm.data["missed"] for alarm in alarms(acked_at=None)] == [True]  # somebody must cook it


def test_an_old_ticket_is_not_printed_though_nobody_has_given_it_up_yet(
    store: Store, party: Party, empty: FakePrinter
) -> None:
    add(store, empty)
    announced(order(party))
    age(minutes=21)
    empty.paper = PAPER
    retry_now()
    assert empty.tickets == [] and states() == [JobState.QUEUED]
    assert look_after_printers() == 1 and states() == [JobState.MISSED]


def test_a_missed_ticket_can_still_be_printed_by_hand(store: Store, party: Party, empty: FakePrinter) -> None:
    add(store, empty)
    announced(order(party))
    age(minutes=21)
    look_after_printers()
    empty.paper = PAPER
    [job] = PrintJob.objects.all()
    services.print_again(job_id=job.pk, actor_name="Kim")
    retry_now()
    assert len(empty.tickets) == 1


def test_a_paused_printer_rings_for_nothing(store: Store, party: Party, empty: FakePrinter) -> None:
    printer = add(store, empty)
    announced(order(party))
    age(seconds=46)
    look_after_printers()
    services.pause_printer(printer_id=printer.pk, actor_name="Kim")
    assert alarms(acked_at=None) == []
    announced(order(party))
    age(minutes=10)
    assert look_after_printers() == 0


def test_a_printer_that_was_paused_and_forgotten_is_heard_of(
    store: Store, party: Party, empty: FakePrinter
) -> None:
    printer = add(store, empty)
    services.pause_printer(printer_id=printer.pk, actor_name="Kim")
    announced(order(party))
    age(minutes=21)
    assert look_after_printers() == 1 and states() == [JobState.MISSED]
    assert "orders 1." in said()


def test_a_printer_that_goes_on_is_given_its_time(store: Store, party: Party, empty: FakePrinter) -> None:
    printer = add(store, empty)
    services.pause_printer(printer_id=printer.pk, actor_name="Kim")
    announced(order(party))
    age(minutes=5)
    services.resume_printer(printer_id=printer.pk)
    assert look_after_printers() == 0


def test_new_orders_ring_though_nobody_mended_what_was_taken(
    store: Store, party: Party, empty: FakePrinter
) -> None:
    add(store, empty)
    announced(order(party))
    age(seconds=46)
    look_after_printers()
    take_all(store)
    announced(order(party), order(party))
    age(seconds=46)
    assert look_after_printers() == 1 and "1, 2, 3" in said()


def test_only_what_was_to_be_cooked_is_to_be_cooked_from_the_board(
    store: Store, party: Party, paper: FakePrinter
) -> None:
    add(store, paper)
    first = order(party)
    announced(first)
    paper.paper = NO_PAPER
    announced(canceled(party, first))
    age(minutes=21)
    look_after_printers()
    assert "Cook" not in said() and "what changed" in said()


def test_an_order_that_may_be_on_paper_is_not_said_to_be_missing(
    store: Store, party: Party, paper: FakePrinter
) -> None:
    add(store, paper)
    paper.is_numb = MAX_DOUBTS
    announced(order(party))
    for _ in range(MAX_DOUBTS):
        retry_now()
    look_after_printers()
    assert len(paper.tickets) == MAX_DOUBTS and states() == [JobState.MISSED]
    assert "Cook" not in said() and "may be on paper" in said()
    announced(order(party))
    assert len(paper.tickets) == MAX_DOUBTS + 1  # nobody waits behind it


def test_a_test_ticket_is_nobodys_dinner(store: Store) -> None:
    services.print_test(printer_id=add(store).pk, actor_name="Kim")
    age(seconds=46)
    assert look_after_printers() == 0
    age(minutes=21)
    assert look_after_printers() == 0 and states() == [JobState.MISSED]


def test_many_late_tickets_of_one_printer_hide_no_other(store: Store, party: Party) -> None:
    dead, other = add(store, name="Dead"), add(store, name="Other")
    rows = [
        PrintJob(printer=printer, store_id=store.pk, event_id=new_id(), kind="order", content=plain(number))
        for number, printer in enumerate([dead] * 600 + [other])
    ]
    PrintJob.objects.bulk_create(rows)
    age(seconds=60)
    assert look_after_printers() == 2


def plain(number: int) -> dict[str, Any]:
    return {"at": "2026-11-28T09:00:00+00:00", "table": "C2", "number": number, "lines": []}


def said() -> str:
    """The newest alarm, in English."""
    return str(alarms()[-1].data["texts"]["en"])


def take_all(store: Store) -> None:
    seqs = [alarm.seq for alarm in alarms(acked_at=None)]
    acknowledge(store_id=store.pk, seqs=seqs, actor_id=None, actor_name="Kim")


def test_the_alarm_of_a_removed_printer_falls_silent(store: Store, party: Party, empty: FakePrinter) -> None:
    printer = add(store, empty)
    announced(order(party))
    age(seconds=46)
    look_after_printers()
    services.remove_printer(printer_id=printer.pk)
    assert alarms(acked_at=None) == [] and look_after_printers() == 0


def test_a_printer_that_does_not_ask_is_reported_too(store: Store, party: Party) -> None:
    add(store)
    announced(order(party))
    age(seconds=46)
    assert look_after_printers() == 1
    assert "does not ask" in Notification.objects.get(kind=Kind.PRINTER_DOWN).data["texts"]["en"]


def test_a_board_of_an_older_page_has_words_for_it(store: Store) -> None:
    assert board_texts()[Kind.PRINTER_DOWN]
