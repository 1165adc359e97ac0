"""Every order comes out of the kitchen's printer, once, in order, and what changes comes out too."""

from datetime import timedelta

import pytest
from django.db import connections
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from events import repair
from events.base import GiveUp
from events.models import Delivery, DeliveryStatus, Event
from notifications.printing import services
from notifications.printing.errors import PrinterWrongState
from notifications.printing.models import JobState, PrinterState, PrintJob
from notifications.printing.troubles import NotPrinted
from notifications.printing.watch import look_after_printers
from stores.models import Store
from tests.factories import make_store
from tests.notifications.facts import Party, announce
from tests.notifications.outside import announced, retry_now
from tests.notifications.printer import NO_PAPER, OFFLINE, PAPER, READY, FakePrinter, is_marked
from tests.notifications.tickets import (
    DATABASE,
    PRINT,
    WRITE,
    add,
    age,
    alarms,
    deliveries,
    dish,
    jobs,
    order,
    states,
)

pytestmark = pytest.mark.django_db


def test_an_order_is_printed_once(store: Store, party: Party, paper: FakePrinter) -> None:
    printer = add(store, paper)
    announced(order(party))
    assert len(paper.tickets) == 1 and not is_marked(paper.tickets[0])
    [job] = jobs()
    assert (job.state, job.attempts, job.problem) == (JobState.PRINTED, 1, "")
    printer.refresh_from_db()
    assert printer.last_printed_at and job.printed_at
    assert [row.status for row in deliveries()] == [DeliveryStatus.DONE]


def test_a_store_without_a_printer_writes_nothing(store: Store, party: Party, paper: FakePrinter) -> None:
    add(make_store(), paper)
    announced(order(party))
    assert paper.tickets == [] and not PrintJob.objects.exists() and deliveries() == []


def test_a_printer_gets_the_dishes_of_its_stations(store: Store, party: Party, paper: FakePrinter) -> None:
    add(store, paper, name="Grill", stations=["grill"])
    add(store, paper, name="Bar", stations=["bar", "coffee"])
    add(store, paper, name="Pass")
    announced(order(party, dish("갈비", station="grill"), dish("커피", station="coffee"), dish("밥")))
    printed = {job.printer.name: [line["name"] for line in job.content["lines"]] for job in jobs()}
    assert printed == {"Grill": ["갈비"], "Bar": ["커피"], "Pass": ["갈비", "커피", "밥"]}
    announced(order(party, dish("밥")))
    assert [job.printer.name for job in jobs()[3:]] == ["Pass"]


def test_a_dish_of_a_station_without_a_printer_comes_out_of_the_first(
    store: Store, party: Party, paper: FakePrinter
) -> None:
    add(store, paper, name="Grill", stations=["grill"])
    add(store, paper, name="Bar", stations=["bar"])
    announced(order(party, dish("갈비", station="gril"), dish("맥주", station="bar")))
    printed = {job.printer.name: [line["name"] for line in job.content["lines"]] for job in jobs()}
    assert printed == {"Grill": ["갈비"], "Bar": ["맥주"]}


def test_tickets_of_a_printer_come_out_in_the_order_of_the_orders(
    store: Store, party: Party, paper: FakePrinter
) -> None:
    add(store, paper)
    paper.dies = 1
    announced(*[order(party) for _ in range(4)])
    assert len(paper.tickets) == 0  # the others wait behind the first
    retry_now()
    assert [job.content["number"] for job in sorted(jobs(), key=lambda job: str(job.printed_at))] == [
        1,
        2,
        3,
        4,
    ]
    assert len(paper.tickets) == 4 and is_marked(paper.tickets[0])
    assert not any(is_marked(ticket) for ticket in paper.tickets[1:])


@pytest.mark.parametrize(
    ("trouble", "words"), [({"paper": NO_PAPER}, "no_paper"), ({"online": OFFLINE}, "offline")]
)
def test_a_printer_that_cannot_print_is_asked_again_and_no_copy_is_marked(
    store: Store, party: Party, paper: FakePrinter, trouble: dict[str, int], words: str
) -> None:
    printer = add(store, paper)
    for name, value in trouble.items():
        setattr(paper, name, value)
    announced(order(party))
    [job] = jobs()
    printer.refresh_from_db()
    assert (job.state, job.problem, printer.problem) == (JobState.QUEUED, words, words)
    assert deliveries()[0].status == DeliveryStatus.PENDING
    paper.paper, paper.online = PAPER, READY
    retry_now()
    [ticket] = paper.tickets
    printer.refresh_from_db()
    assert not is_marked(ticket) and states() == [JobState.PRINTED] and printer.problem == ""


def test_a_ticket_that_may_have_come_out_says_so_the_next_time(
    store: Store, party: Party, paper: FakePrinter
) -> None:
    add(store, paper)
    paper.is_numb = 1
    announced(order(party))
    assert states() == [JobState.QUEUED] and len(paper.tickets) == 1
    retry_now()
    assert [is_marked(ticket) for ticket in paper.tickets] == [False, True]
    assert states() == [JobState.PRINTED]


def test_a_process_that_died_in_mid_print_leaves_a_mark(
    store: Store, party: Party, paper: FakePrinter
) -> None:
    add(store, paper)
    paper.paper = NO_PAPER
    announced(order(party))
    [job] = jobs()
    assert services.begin(job)  # and then nobody heard of that process again
    paper.paper = PAPER
    retry_now()
    assert [is_marked(ticket) for ticket in paper.tickets] == [True]


def test_a_ticket_that_came_out_twice_keeps_the_time_of_the_first(
    store: Store, party: Party, paper: FakePrinter
) -> None:
    add(store, paper)
    paper.paper = NO_PAPER
    announced(order(party), order(party))
    slow = jobs()[0]
    assert services.begin(slow)
    paper.paper = PAPER
    retry_now()
    services.finish(slow)
    first, second = jobs()
    assert first.printed_at < second.printed_at  # type: ignore[operator]


def test_a_process_that_was_lost_after_many_tries_costs_no_longer_pause_than_a_failure(
    store: Store, party: Party, paper: FakePrinter
) -> None:
    add(store, paper)
    paper.paper = NO_PAPER
    announced(order(party))
    running = Delivery.objects.using(DATABASE).filter(handler=PRINT)
    running.update(
        status=DeliveryStatus.RUNNING, attempts=12, lease_until=timezone.now() - timedelta(minutes=1)
    )
    assert repair.reclaim(DATABASE) == 1
    assert deliveries()[0].due_at < timezone.now() + timedelta(seconds=16)


def test_a_printer_that_never_answers_prints_all_the_same(
    store: Store, party: Party, paper: FakePrinter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("notifications.printing.network.STATUS_SECONDS", 0.05)
    add(store, paper)
    paper.is_mute = True
    announced(order(party))
    assert states() == [JobState.PRINTED]


def test_the_same_fact_twice_is_one_ticket(store: Store, party: Party, paper: FakePrinter) -> None:
    add(store, paper)
    announced(order(party))
    again = Delivery.objects.using(DATABASE).filter(handler=WRITE)
    assert again.update(status=DeliveryStatus.PENDING, attempts=0, due_at=timezone.now()) == 1
    retry_now()
    assert len(jobs()) == len(paper.tickets) == 1


def test_what_happened_long_ago_is_not_printed(store: Store, party: Party, paper: FakePrinter) -> None:
    add(store, paper)
    announce(order(party), deliver=False)
    Event.objects.using(DATABASE).update(occurred_at=F("occurred_at") - timedelta(hours=3))
    retry_now()
    assert paper.tickets == [] and jobs() == []
    assert not Delivery.objects.using(DATABASE).filter(status=DeliveryStatus.DEAD).exists()


def test_a_paused_printer_keeps_its_tickets_and_prints_them_in_order(
    store: Store, party: Party, paper: FakePrinter
) -> None:
    printer = add(store, paper)
    services.pause_printer(printer_id=printer.pk, actor_name="Kim")
    announced(order(party), order(party))
    assert paper.connections == 0 and states() == [JobState.WAITING] * 2
    assert services.resume_printer(printer_id=printer.pk) == 2
    retry_now()
    assert states() == [JobState.PRINTED] * 2 and len(paper.tickets) == 2
    assert jobs()[0].printed_at < jobs()[1].printed_at  # type: ignore[operator]


def test_a_ticket_that_waits_for_its_next_try_is_printed_once_after_a_pause(
    store: Store, party: Party, paper: FakePrinter
) -> None:
    printer = add(store, paper)
    paper.paper = NO_PAPER
    announced(order(party))
    services.pause_printer(printer_id=printer.pk, actor_name="Kim")
    announced(order(party))
    paper.paper = PAPER
    services.resume_printer(printer_id=printer.pk)
    retry_now()
    assert len(paper.tickets) == 2 and states() == [JobState.PRINTED] * 2


def test_after_a_long_pause_old_orders_do_not_flood_the_kitchen(
    store: Store, party: Party, paper: FakePrinter
) -> None:
    printer = add(store, paper)
    services.pause_printer(printer_id=printer.pk, actor_name="Kim")
    announced(order(party))
    age(minutes=21)
    announced(order(party))
    assert services.resume_printer(printer_id=printer.pk) == 1
    retry_now()
    look_after_printers()
    assert states() == [JobState.MISSED, JobState.PRINTED] and len(paper.tickets) == 1
    [told] = alarms()
    assert told.data["missed"] and "orders 1." in told.data["texts"]["en"]


def test_a_copy_says_that_it_is_one(store: Store, party: Party, paper: FakePrinter) -> None:
    add(store, paper)
    announced(order(party))
    services.print_again(job_id=jobs()[0].pk, actor_name="Kim")
    retry_now()
    assert [is_marked(ticket) for ticket in paper.tickets] == [False, True]
    assert (jobs()[1].is_copy, jobs()[1].asked_by) == (True, "Kim")


def test_no_copy_is_made_of_what_waits_or_for_a_paused_printer(
    store: Store, party: Party, paper: FakePrinter
) -> None:
    printer = add(store, paper)
    paper.paper = NO_PAPER
    announced(order(party))
    with pytest.raises(PrinterWrongState):
        services.print_again(job_id=jobs()[0].pk, actor_name="Kim")
    paper.paper = PAPER
    retry_now()
    services.pause_printer(printer_id=printer.pk, actor_name="Kim")
    with pytest.raises(PrinterWrongState):
        services.print_again(job_id=jobs()[0].pk, actor_name="Kim")
    assert len(jobs()) == 1 and printer.state == PrinterState.ACTIVE


def test_nothing_is_printed_for_a_printer_that_was_removed(
    store: Store, party: Party, paper: FakePrinter
) -> None:
    printer = add(store, paper)
    paper.paper = NO_PAPER
    announced(order(party))
    services.remove_printer(printer_id=printer.pk)
    paper.paper = PAPER
    retry_now()
    announced(order(party))
    assert paper.tickets == [] and {row.status for row in deliveries()} == {DeliveryStatus.DONE}


def test_a_ticket_gives_up_by_age_and_never_by_its_tries(
    store: Store, party: Party, paper: FakePrinter
) -> None:
    add(store, paper)
    paper.paper = NO_PAPER
    announced(order(party))
    for _ in range(12):
        retry_now()
    assert deliveries()[0].status == DeliveryStatus.PENDING and jobs()[0].attempts == 13
    assert not issubclass(NotPrinted, GiveUp)


def test_a_bug_in_drawing_leaves_no_ticket_behind(
    store: Store, party: Party, paper: FakePrinter, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(store, paper)
    monkeypatch.setattr("notifications.printing.drawing.FIRST_HEIGHT", -1)
    announced(order(party))
    [job] = jobs()
    assert not job.is_calling and job.problem.startswith("broken")
    monkeypatch.undo()
    retry_now()
    assert states() == [JobState.PRINTED]


def test_a_long_order_is_cut_into_sheets_that_count_up(
    store: Store, party: Party, paper: FakePrinter
) -> None:
    add(store, paper)
    announced(order(party, *[dish(f"dish {n}", note="no peanuts, please") for n in range(50)]))
    sheets = [job.content["sheet"] for job in jobs()]
    assert sheets == [f"{n}/{len(sheets)}" for n in range(1, len(sheets) + 1)] and len(sheets) > 2
    assert len(paper.tickets) == len(sheets) and all(ticket.height < 6000 for ticket in paper.tickets)
    told = [line["name"] for job in jobs() for line in job.content["lines"]]
    assert told == [f"dish {n}" for n in range(50)]


def test_an_order_that_comes_late_is_given_up_aloud(store: Store, party: Party, paper: FakePrinter) -> None:
    add(store, paper)
    announce(order(party), deliver=False)
    Event.objects.using(DATABASE).update(occurred_at=F("occurred_at") - timedelta(minutes=30))
    retry_now()
    look_after_printers()
    assert paper.tickets == [] and states() == [JobState.MISSED] and alarms()[0].data["missed"]


def test_ending_an_attempt_and_going_on_take_turns(store: Store, party: Party, paper: FakePrinter) -> None:
    """Both lock the printer before its tickets."""
    printer = add(store, paper)
    announced(order(party))
    [job] = jobs()
    with CaptureQueriesContext(connections[DATABASE]) as asked:
        services.finish(job)
        services.note_problem(job, "busy", is_unsure=False)
    first = [query["sql"] for query in asked if "FOR UPDATE" in query["sql"] or "UPDATE" in query["sql"][:7]]
    assert "notifications_printer" in first[0] and "FOR UPDATE" in first[0]
    assert "FOR UPDATE" in next(sql for sql in first[1:] if "FOR UPDATE" in sql) and printer.pk
