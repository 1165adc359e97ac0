"""A printer that comes for its tickets gets each once, and nobody else's."""

from io import BytesIO
from typing import Any

import pytest
import time_machine
from django.db.models.functions import Now
from django.test import Client
from django.utils import timezone
from PIL import Image

from notifications.printing import services
from notifications.printing.drawing import font_of
from notifications.printing.errors import PrinterWrongState
from notifications.printing.models import LATE_AFTER, JobState, Paper, Printer, PrintJob, Way
from notifications.printing.watch import look_after_printers
from stores.models import Store
from tests.factories import make_store
from tests.notifications.facts import Party
from tests.notifications.outside import announced, retry_now
from tests.notifications.printer import FakePrinter, is_marked
from tests.notifications.tickets import add, age, alarms, order, states

pytestmark = pytest.mark.django_db
OK = {"statusCode": "200%20OK", "printerMAC": "00:11:62:00:00:01"}


class Asking:
    """A CloudPRNT client."""

    def __init__(self, printer: Printer) -> None:
        self.client = Client(enforce_csrf_checks=True)
        self.path = f"/print/{services.new_address(printer_id=printer.pk)}/"

    def poll(self, **said: Any) -> dict[str, Any]:
        answer = self.client.post(self.path, {**OK, **said}, content_type="application/json")
        assert answer.status_code == 200
        body: dict[str, Any] = answer.json()
        return body

    def fetch(self, token: str = "") -> Image.Image | None:
        query = {"type": "image/png", "mac": OK["printerMAC"]} | ({"token": token} if token else {})
        answer = self.client.get(self.path, query)
        return Image.open(BytesIO(answer.content)) if answer.status_code == 200 else None

    def tell(self, code: str, token: str = "") -> int:
        query = f"?code={code}&mac=x" + (f"&token={token}" if token else "")
        return self.client.delete(self.path + query).status_code


@pytest.fixture
def printer(store: Store) -> Printer:
    return add(store)


@pytest.fixture
def asking(printer: Printer) -> Asking:
    return Asking(printer)


def test_a_printer_asks_fetches_and_confirms(
    store: Store, party: Party, printer: Printer, asking: Asking
) -> None:
    assert asking.poll() == {"jobReady": False}
    announced(order(party))
    offer = asking.poll()
    assert offer["jobReady"] is True and offer["mediaTypes"] == ["image/png"]
    picture = asking.fetch(offer["jobToken"])
    assert picture is not None and picture.width == printer.paper and not is_marked(picture.convert("1"))
    assert asking.tell("200%20OK", offer["jobToken"]) == 200
    assert states() == [JobState.PRINTED] and asking.poll() == {"jobReady": False}
    printer.refresh_from_db()
    assert printer.last_seen_at and printer.last_printed_at


def test_tickets_come_one_after_the_other_in_order(store: Store, party: Party, asking: Asking) -> None:
    announced(order(party), order(party))
    for expected in (1, 2):
        offer = asking.poll()
        assert PrintJob.objects.get(event_id=offer["jobToken"].split("-")[0]).content["number"] == expected
        asking.fetch(offer["jobToken"])
        asking.tell("OK", offer["jobToken"])
    assert states() == [JobState.PRINTED] * 2


def test_an_older_printer_that_names_no_ticket_is_understood(
    store: Store, party: Party, asking: Asking
) -> None:
    announced(order(party))
    asking.poll()
    assert asking.fetch() and asking.tell("200%20OK") == 200
    assert states() == [JobState.PRINTED]


def test_a_ticket_fetched_twice_says_that_it_may_be_a_second_print(
    store: Store, party: Party, asking: Asking
) -> None:
    announced(order(party))
    token = asking.poll()["jobToken"]
    first, second = asking.fetch(token), asking.fetch(token)
    assert first and second
    assert not is_marked(first.convert("1")) and is_marked(second.convert("1"))


def test_a_confirmation_twice_prints_nothing_twice(store: Store, party: Party, asking: Asking) -> None:
    announced(order(party))
    token = asking.poll()["jobToken"]
    asking.fetch(token)
    asking.tell("OK", token)
    asking.tell("OK", token)
    asking.tell("520", token)
    assert states() == [JobState.PRINTED] and asking.fetch(token) is None


def test_a_failure_is_noted_and_the_ticket_offered_again(
    store: Store, party: Party, printer: Printer, asking: Asking
) -> None:
    announced(order(party))
    token = asking.poll()["jobToken"]
    asking.fetch(token)
    asking.tell("410%20Out%20of%20Paper", token)
    printer.refresh_from_db()
    assert states() == [JobState.QUEUED] and printer.problem == "reported: 410 Out of Paper"
    assert asking.poll()["jobToken"] == token
    again = asking.fetch(token)
    assert again and is_marked(again.convert("1"))  # half of it may hang out of the printer


def test_a_picture_that_the_printer_could_not_read_is_on_no_paper(
    store: Store, party: Party, asking: Asking
) -> None:
    announced(order(party))
    token = asking.poll()["jobToken"]
    asking.fetch(token)
    asking.tell("511%20Decode%20error", token)
    again = asking.fetch(token)
    assert again and not is_marked(again.convert("1"))


def test_a_printer_with_a_problem_or_at_work_is_offered_nothing(
    store: Store, party: Party, printer: Printer, asking: Asking
) -> None:
    announced(order(party))
    assert asking.poll(statusCode="420%20Cover%20open") == {"jobReady": False}
    printer.refresh_from_db()
    assert printer.problem == "reported: 420 Cover open"
    assert asking.poll(printingInProgress=True) == {"jobReady": False}
    assert asking.poll()["jobReady"] is True
    printer.refresh_from_db()
    assert printer.problem == ""


def test_a_paused_printer_and_one_with_nothing_fresh_get_nothing(
    store: Store, party: Party, printer: Printer, asking: Asking
) -> None:
    announced(order(party))
    services.pause_printer(printer_id=printer.pk, actor_name="Kim")
    assert asking.poll() == {"jobReady": False}
    services.resume_printer(printer_id=printer.pk)
    age(minutes=21)
    assert asking.poll() == {"jobReady": False}


def test_only_the_newest_address_opens(store: Store, party: Party, printer: Printer, asking: Asking) -> None:
    announced(order(party))
    old = asking.path
    new = Asking(printer)
    assert asking.client.post(old, OK, content_type="application/json").status_code == 404
    assert asking.client.get(old).status_code == asking.client.delete(old).status_code == 404
    assert new.poll()["jobReady"] is True
    assert states() == [JobState.QUEUED]


def test_guessing_addresses_is_cut_off_and_a_printer_that_asks_often_is_not(asking: Asking) -> None:
    # The limit counts by the minutes of the clock: none may end meanwhile.
    with time_machine.travel(timezone.now().replace(second=0), tick=True):
        guesses = [asking.client.get(f"/print/guess{number}/").status_code for number in range(31)]
        assert guesses[:30] == [404] * 30 and guesses[30] == 429
        assert [asking.poll() for _ in range(31)] == [{"jobReady": False}] * 31


def test_a_printer_gets_no_other_printers_tickets(store: Store, party: Party, asking: Asking) -> None:
    other = Asking(add(make_store()))
    announced(order(party))
    token = asking.poll()["jobToken"]
    assert other.poll() == {"jobReady": False}
    assert other.fetch(token) is None and other.tell("OK", token) == 200
    assert states() == [JobState.QUEUED]


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b'{"statusCode": 5}', b'"x"'])
def test_what_is_no_status_is_no_failure_of_ours(asking: Asking, body: bytes) -> None:
    answer = asking.client.post(asking.path, body, content_type="application/json")
    assert answer.status_code in {200, 400}


@pytest.mark.parametrize("token", ["x", "é", "0" * 32, "%00"])
def test_a_ticket_that_is_not_there_is_not_found(asking: Asking, token: str) -> None:
    assert asking.client.get(f"{asking.path}?token={token}&type=image/png").status_code == 404
    assert asking.tell("OK", token) == 200


def test_other_pictures_than_ours_are_not_to_be_had(asking: Asking) -> None:
    assert asking.client.get(f"{asking.path}?type=text/plain").status_code == 415


def test_a_printer_in_the_network_has_no_address_to_ask_at(store: Store, paper: FakePrinter) -> None:
    with pytest.raises(PrinterWrongState):
        services.new_address(printer_id=add(store, paper).pk)


def test_the_address_is_kept_as_a_digest_only(printer: Printer, asking: Asking) -> None:
    printer.refresh_from_db()
    assert printer.token_digest and printer.token_digest not in asking.path
    assert asking.path.split("/")[2] not in str(Printer.objects.values().get())


def test_a_ticket_that_was_fetched_and_never_confirmed_is_reported(
    store: Store, party: Party, asking: Asking
) -> None:
    announced(order(party))
    assert asking.fetch()
    age(minutes=21)
    assert look_after_printers() == 1 and states() == [JobState.QUEUED]  # it may still be at it
    age(minutes=2)
    assert look_after_printers() == 1 and states() == [JobState.MISSED]
    announced(order(party))
    PrintJob.objects.filter(state=JobState.QUEUED).update(queued_at=Now() - LATE_AFTER)
    assert look_after_printers() == 1


def test_a_ticket_that_cannot_be_drawn_says_why_and_is_on_no_paper(
    store: Store,
    party: Party,
    printer: Printer,
    asking: Asking,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    announced(order(party))
    with monkeypatch.context() as without_fonts:
        without_fonts.setattr("notifications.printing.drawing._FONTS", ())
        font_of.cache_clear()
        assert asking.fetch() is None
    font_of.cache_clear()
    printer.refresh_from_db()
    assert printer.problem.startswith("no_font")
    picture = asking.fetch()
    assert picture and not is_marked(picture.convert("1"))


def test_who_asks_and_does_not_fetch_is_not_called_silent(store: Store, party: Party, asking: Asking) -> None:
    announced(order(party))
    asking.poll()
    age(seconds=46)
    look_after_printers()
    assert alarms()[0].data["problem"] == "idle"


@pytest.mark.parametrize("body", [b'{"statusCode":"\\u0000"}', b'{"statusCode":"\\ud800"}', b"[" * 16000])
def test_rubbish_is_stored_harmless_or_refused(asking: Asking, body: bytes) -> None:
    answer = asking.client.post(asking.path, body, content_type="application/json")
    assert answer.status_code in {200, 400}


def test_a_code_of_rubbish_ends_the_attempt_all_the_same(store: Store, party: Party, asking: Asking) -> None:
    announced(order(party))
    asking.fetch()
    assert asking.tell("4%00") == 200
    assert not PrintJob.objects.get().is_calling


def test_what_waited_to_be_fetched_is_printed_in_the_network_after_a_change(
    store: Store, party: Party, printer: Printer, paper: FakePrinter
) -> None:
    announced(order(party))
    values: dict[str, Any] = {"name": "Kitchen", "way": Way.LAN, "host": paper.host, "port": paper.port}
    values |= {"paper": Paper.WIDE, "language": "ko", "stations": [], "changes": True}
    services.change_printer(printer_id=printer.pk, **values)
    retry_now()
    assert states() == [JobState.PRINTED] and len(paper.tickets) == 1
