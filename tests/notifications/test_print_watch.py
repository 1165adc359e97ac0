"""A printer that does not print is heard of, once, and old orders are never printed late."""

import pytest
from django.conf import settings

from events.models import DeliveryStatus
from notifications.models import Kind, Notification
from notifications.printing import services
from notifications.printing.models import JobState, PrintJob
from notifications.printing.watch import look_after_printers
from notifications.services import acknowledge
from orders.board_texts import board_texts
from stores.models import Store
from tests.notifications.facts import Party
from tests.notifications.outside import announced, retry_now
from tests.notifications.printer import NO_PAPER, PAPER, FakePrinter
from tests.notifications.tickets import add, age, alarms, deliveries, order, states

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
    age(minutes=30)
    assert look_after_printers() == 0


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
