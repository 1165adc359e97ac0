"""The owner's pages of printers and tickets."""

from typing import Any

import pytest
from django.test import Client

from events.kernel.ids import new_id
from events.timeline import Question, tell
from notifications.printing import services
from notifications.printing.models import Printer, PrinterState, PrintJob
from stores.models import Role, Store
from tests.admin.conftest import admitted, signed_in
from tests.factories import make_store
from tests.notifications.facts import Party
from tests.notifications.outside import announced, retry_now
from tests.notifications.printer import NO_PAPER, FakePrinter, is_marked
from tests.notifications.tickets import add, age, order

pytestmark = pytest.mark.django_db
PRINTERS, TICKETS = "/admin/notifications/printer/", "/admin/notifications/printjob/"
YES = {"_form_submitted": "on"}


@pytest.fixture
def boss(store: Store) -> Client:
    return signed_in(admitted(store))


def fill_in(store: Store, **changes: Any) -> dict[str, Any]:
    values = {
        "store": str(store.pk), "name": "Grill", "way": "lan", "host": "192.168.0.50", "port": "9100",
        "paper": "576", "language": "ko", "stations": "grill, fry,grill ", "changes": "on",
    }  # fmt: skip
    return {**values, **changes}


def test_an_owner_adds_a_printer(boss: Client, store: Store) -> None:
    assert boss.post(f"{PRINTERS}add/", fill_in(store)).status_code == 302
    printer = Printer.objects.get()
    assert (printer.store_id, printer.name, printer.host) == (store.pk, "Grill", "192.168.0.50")
    assert printer.stations == ["grill", "fry"] and set(printer.topics) == set(services.TOPICS)
    assert printer.created_by


@pytest.mark.parametrize(
    ("host", "port"),
    [
        ("8.8.8.8", "9100"), ("127.0.0.1", "9100"), ("169.254.169.254", "9100"), ("0.0.0.0", "9100"),
        ("printer.local", "9100"), ("", "9100"), ("::1", "9100"), ("192.168.0.50", "5432"),
        ("192.168.0.50", "80"), ("224.0.0.1", "9100"), ("255.255.255.255", "9100"),
    ],
)  # fmt: skip
def test_only_printers_in_a_private_network_are_called(
    boss: Client, store: Store, host: str, port: str
) -> None:
    boss.post(f"{PRINTERS}add/", fill_in(store, host=host, port=port))
    assert not Printer.objects.exists()


def test_an_installation_for_strangers_calls_no_printer(boss: Client, store: Store, settings: Any) -> None:
    settings.PRINTERS_IN_NETWORK = False
    said = boss.post(f"{PRINTERS}add/", fill_in(store), follow=True).content.decode()
    assert not Printer.objects.exists() and "CloudPRNT" in said
    boss.post(f"{PRINTERS}add/", fill_in(store, way="cloud", host=""))
    assert Printer.objects.get().asks


def test_a_printer_cannot_be_added_to_a_foreign_store_or_twice(boss: Client, store: Store) -> None:
    boss.post(f"{PRINTERS}add/", fill_in(make_store()))
    assert not Printer.objects.exists()
    boss.post(f"{PRINTERS}add/", fill_in(store))
    boss.post(f"{PRINTERS}add/", fill_in(store, host="192.168.0.51"))
    assert Printer.objects.get().host == "192.168.0.50"


def test_an_owner_changes_a_printer(boss: Client, store: Store, paper: FakePrinter) -> None:
    printer = add(store, paper)
    page = f"{PRINTERS}{printer.pk}/change/"
    wanted = fill_in(store, name="Bar", host="10.0.0.7", changes="", stations="")
    assert boss.post(page, wanted).status_code == 302
    printer.refresh_from_db()
    assert (printer.name, printer.host, printer.topics) == ("Bar", "10.0.0.7", ["order.submitted"])
    assert printer.stations == []


def test_the_test_button_prints_at_once_or_says_why_not(
    boss: Client, store: Store, paper: FakePrinter
) -> None:
    path = f"{PRINTERS}{add(store, paper).pk}/print_test/"
    assert "took the test ticket" in boss.post(path, YES, follow=True).content.decode()
    assert [is_marked(ticket) for ticket in paper.tickets] == [True]
    paper.paper = NO_PAPER
    said = boss.post(path, YES, follow=True).content.decode()
    assert "no paper" in said and len(paper.tickets) == 1


def test_a_printer_that_asks_gets_an_address_once(boss: Client, store: Store) -> None:
    printer = add(store)
    said = boss.post(f"{PRINTERS}{printer.pk}/give_address/", YES, follow=True).content.decode()
    address = said.split("<code")[1].split(">")[1].split("</code")[0]
    assert Client().post(address, {}, content_type="application/json").json() == {"jobReady": False}
    assert "/print/" not in boss.get(f"{PRINTERS}{printer.pk}/change/").content.decode()


def test_pausing_going_on_and_removing(boss: Client, store: Store, paper: FakePrinter) -> None:
    printer = add(store, paper)
    boss.post(f"{PRINTERS}{printer.pk}/pause/", YES)
    printer.refresh_from_db()
    assert printer.state == PrinterState.PAUSED and printer.state_reason
    boss.post(f"{PRINTERS}{printer.pk}/resume/", YES)
    printer.refresh_from_db()
    assert printer.is_open
    boss.post(f"{PRINTERS}{printer.pk}/remove/", YES)
    assert not Printer.objects.exists()


@pytest.mark.parametrize("action", ["print_test", "pause", "give_address", "remove"])
@pytest.mark.parametrize("who", ["floor", "stranger"])
def test_only_owners_and_managers_of_the_store_touch_a_printer(
    store: Store, paper: FakePrinter, action: str, who: str
) -> None:
    printer = add(store, paper)
    before = Printer.objects.values().get()
    person = admitted(store, Role.FLOOR) if who == "floor" else admitted(make_store())
    answer = signed_in(person).post(f"{PRINTERS}{printer.pk}/{action}/", YES)
    assert answer.status_code in {302, 403, 404}
    assert Printer.objects.values().get() == before
    assert paper.connections == 0 and not PrintJob.objects.exists()


def test_a_ticket_is_shown_as_it_looks_on_paper_and_printed_again(
    boss: Client, store: Store, party: Party, paper: FakePrinter
) -> None:
    add(store, paper)
    announced(order(party))
    job = PrintJob.objects.get()
    shown = boss.get(f"{TICKETS}{job.pk}/change/").content.decode()
    assert "data:image/png;base64," in shown
    assert str(job) in boss.get(TICKETS).content.decode()
    boss.post(f"{TICKETS}{job.pk}/print_again/", YES)
    retry_now()
    assert [is_marked(ticket) for ticket in paper.tickets] == [False, True]


def test_tickets_of_another_store_are_nobodys_business(
    store: Store, party: Party, paper: FakePrinter
) -> None:
    add(store, paper)
    announced(order(party))
    job = PrintJob.objects.get()
    stranger = signed_in(admitted(make_store()))
    assert stranger.get(f"{TICKETS}{job.pk}/change/").status_code in {302, 403, 404}
    stranger.post(f"{TICKETS}{job.pk}/print_again/", YES)
    assert PrintJob.objects.count() == 1 and str(job) not in stranger.get(TICKETS).content.decode()


def test_the_story_of_an_order_tells_what_came_out_of_which_printer(
    store: Store, party: Party, paper: FakePrinter
) -> None:
    add(store, paper, name="Grill")
    add(store, paper, name="Pass")
    paper.dies = 1
    first = order(party)
    announced(first)
    retry_now()
    page = tell(Question(frozenset({party.tab_id}), (store.pk,), "en"))
    told = {str(m.text): m for m in page.moments if m.link.startswith(TICKETS)}
    assert set(told) == {"Grill: order 1", "Pass: order 1"}
    assert "may have come out before" in told["Grill: order 1"].small
    assert {m.tone for m in told.values()} == {"good"}
    assert all(m.about == {"order": str(first.order_id)} for m in told.values())


def test_a_story_of_another_store_tells_no_tickets(store: Store, party: Party, paper: FakePrinter) -> None:
    add(store, paper)
    announced(order(party))
    page = tell(Question(frozenset({party.tab_id}), (new_id(),), "en"))
    assert page.moments == []


def test_the_dashboard_names_a_printer_that_does_not_print(
    boss: Client, store: Store, party: Party, paper: FakePrinter
) -> None:
    paper.paper = NO_PAPER
    add(store, paper, name="Dim sum steamer")
    announced(order(party))
    assert "Dim sum steamer" not in boss.get("/admin/").content.decode()
    age(seconds=46)
    assert "Dim sum steamer" in boss.get("/admin/").content.decode()
