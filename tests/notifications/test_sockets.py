import os
import subprocess
import sys
import time
from typing import Any

import httpx
import pytest
from django.conf import settings
from django.db import connection
from websockets.exceptions import ConnectionClosed, InvalidStatus

from notifications.apis import _catch_up
from notifications.models import Audience, store_channel, tab_channel
from notifications.services import acknowledge, notify_store
from stores.models import Role, StaffMembership, Store, User
from tests.factories import make_membership, make_store, new_uuid
from tests.notifications.conftest import ROOT, LiveServer, Phone, Valkey, guest_cookies, staff_cookies
from tests.notifications.facts import Party, announce

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]


@pytest.fixture
def place(transactional_db: None) -> Store:
    return make_store()


@pytest.fixture
def waiter(place: Store) -> User:
    return make_membership(place, Role.FLOOR).user


@pytest.fixture
def party(place: Store) -> Party:
    return Party(place.pk)


def board(live: LiveServer, store: Store, user: User, resume_from: int = 0) -> Phone:
    return live.open(f"/ws/staff/{store.slug}/", staff_cookies(user)).say(resume_from=resume_from)


def phone(live: LiveServer, party: Party, token: str = "code") -> Phone:
    cookies = guest_cookies(guest=new_uuid(), tab=party.tab_id, store=party.store_id, token="code")
    return live.open(f"/ws/t/{token}/", cookies).say(resume_from=0)


def close_code(phone: Phone) -> int:
    with pytest.raises(ConnectionClosed) as closed:
        phone.until(lambda frame: False)
    assert closed.value.rcvd
    return closed.value.rcvd.code


def is_number(number: int) -> Any:
    return lambda frame: frame["type"] == "notification" and frame["seq"] == number


def test_a_board_and_a_phone_hear_of_an_order(
    live: LiveServer, place: Store, waiter: User, party: Party
) -> None:
    announce(party.submit())
    tablet, guest = board(live, place, waiter), phone(live, party)
    tablet.until_type("ready")
    guest.until_type("ready")
    order = party.submit()
    announce(order, party.accept(order))
    tablet.until(is_number(2))
    guest.until(is_number(3))
    assert tablet.numbers == [1, 2]
    assert guest.numbers == [1, 2, 3]
    assert tablet.until_type("acked")["data"]["by"] == "Kim"
    rows = [frame["data"] for frame in guest.frames if frame["type"] == "notification"]
    assert rows == _catch_up(tab_channel(party.tab_id), 0)["items"]


def test_a_board_resumes_after_what_it_knows(
    live: LiveServer, place: Store, waiter: User, party: Party
) -> None:
    announce(*[party.submit() for _ in range(4)])
    tablet = board(live, place, waiter, resume_from=2)
    ready = tablet.until_type("ready")
    assert tablet.numbers == [3, 4]
    assert ready["seq"] == 4
    assert ready["data"]["open"] == [1, 2, 3, 4]


def test_an_alarm_taken_on_one_device_falls_silent_on_the_other(
    live: LiveServer, place: Store, waiter: User, party: Party
) -> None:
    first, second = board(live, place, waiter), board(live, place, waiter)
    for tablet in (first, second):
        tablet.until_type("heartbeat")
    took = []
    for seq in (1, 2, 3):
        announce(party.submit())
        second.until(is_number(seq))
        started = time.monotonic()
        acknowledge(store_id=place.pk, seqs=[seq], actor_id=waiter.pk, actor_name="Kim", device="first")
        taken = second.until_type("acked")
        took.append(time.monotonic() - started)
        assert (taken["seq"], taken["data"]["by"]) == (seq, "Kim")
    assert min(took) < 0.5, took  # by the hint: a heartbeat comes once a second


def test_an_alarm_taken_while_a_device_was_away_falls_silent_there(
    live: LiveServer, place: Store, waiter: User, party: Party
) -> None:
    announce(party.submit())
    acknowledge(store_id=place.pk, seqs=[1], actor_id=waiter.pk, actor_name="Kim")
    tablet = board(live, place, waiter, resume_from=1)
    assert tablet.until_type("acked")["seq"] == 1
    assert tablet.until_type("ready")["data"]["open"] == []


@pytest.mark.parametrize("origin", [None, "null", "http://evil.example", "http://127.0.0.1.evil.example:80"])
def test_a_foreign_page_is_refused(live: LiveServer, place: Store, waiter: User, origin: str | None) -> None:
    with pytest.raises(InvalidStatus) as refused:
        live.open(f"/ws/staff/{place.slug}/", staff_cookies(waiter), origin=origin)
    assert refused.value.response.status_code == 403


@pytest.mark.parametrize("origin", ["http://hansang.test", "http://127.0.0.1:8000"])
def test_our_own_pages_on_any_port_are_let_in(
    live: LiveServer, place: Store, waiter: User, origin: str
) -> None:
    tablet = live.open(f"/ws/staff/{place.slug}/", staff_cookies(waiter), origin=origin)
    assert tablet.say(resume_from=None).until_type("ready")


def test_strangers_are_refused(live: LiveServer, place: Store, party: Party) -> None:
    announce(party.submit())
    outsider = make_membership(make_store(), Role.OWNER).user
    forged = {settings.GUEST_COOKIE_NAME: "forged", settings.SESSION_COOKIE_NAME: "f" * 32}
    opened = [
        (live.open(f"/ws/staff/{place.slug}/").say(resume_from=0), 4401),
        (live.open(f"/ws/staff/{place.slug}/", forged).say(resume_from=0), 4401),
        (board(live, place, outsider), 4403),
        (live.open("/ws/t/code/").say(resume_from=0), 4401),
        (live.open("/ws/t/code/", forged).say(resume_from=0), 4401),
        (phone(live, party, token="other"), 4403),
    ]
    for stranger, code in opened:
        assert close_code(stranger) == code
        assert stranger.frames == []


def test_a_guest_hears_nothing_of_another_tab(live: LiveServer, party: Party, place: Store) -> None:
    neighbor = Party(place.pk)
    guest = phone(live, party)
    guest.until_type("ready")
    announce(neighbor.submit(), party.submit())
    guest.until(is_number(1))
    order_ids = {frame["data"]["subject_id"] for frame in guest.frames if frame["type"] == "notification"}
    assert len(order_ids) == 1
    guest.until_type("heartbeat")
    assert guest.numbers == [1]


def test_a_closed_tab_ends_its_sockets(live: LiveServer, party: Party) -> None:
    guest = phone(live, party)
    guest.until_type("ready")
    announce(party.close())
    assert close_code(guest) == 4403
    assert guest.frames[-1]["data"]["kind"] == "tab_closed"
    late = phone(live, party)
    assert close_code(late) == 4403
    assert late.numbers == [1]


def test_a_person_who_no_longer_works_there_is_cut_off(live: LiveServer, place: Store, waiter: User) -> None:
    tablet = board(live, place, waiter)
    tablet.until_type("ready")
    StaffMembership.objects.filter(user=waiter).update(active=False)
    assert close_code(tablet) == 4403


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("no json", 4401),
        ('{"resume_from":"1"}', 4401),
        ('{"resume_from":-1}', 4401),
        ('{"resume_from":true}', 4401),
        ("[]", 4401),
        ("x" * 5000, 1009),
        (b"\x00", 1009),
    ],
)
def test_a_senseless_first_message_ends_the_socket(
    live: LiveServer, place: Store, waiter: User, message: str | bytes, code: int
) -> None:
    tablet = live.open(f"/ws/staff/{place.slug}/", staff_cookies(waiter))
    tablet.socket.send(message)
    assert close_code(tablet) == code


def test_a_silent_socket_is_closed(live: LiveServer, place: Store, waiter: User) -> None:
    assert close_code(live.open(f"/ws/staff/{place.slug}/", staff_cookies(waiter))) == 4401


def test_one_tab_cannot_hold_all_sockets(live: LiveServer, party: Party) -> None:
    phones = [phone(live, party) for _ in range(24)]
    for each in phones:
        each.until_type("ready")
    assert close_code(phone(live, party)) == 1013
    phones[0].socket.close()
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:  # the server notices the end of the first one in its own time
        another = phone(live, party)
        try:
            another.until_type("ready")
            return
        except ConnectionClosed:
            continue
    pytest.fail("the place of a closed socket was not given back")


def test_the_live_process_serves_no_pages(live: LiveServer) -> None:
    for path in ("/", "/admin/", "/api/v1/schema/", "/ws/t/code/"):
        assert httpx.get(f"http://127.0.0.1:{live.port}{path}").status_code == 404
    with pytest.raises(InvalidStatus):
        live.open("/ws/elsewhere/")


def test_many_sockets_share_few_database_connections(
    live: LiveServer, place: Store, waiter: User, party: Party
) -> None:
    def in_use() -> int:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                " AND backend_type = 'client backend'"
            )
            return int(cursor.fetchone()[0])

    before = in_use()
    tablets = [board(live, place, waiter) for _ in range(20)]
    announce(party.submit())
    for tablet in tablets:
        tablet.until(is_number(1))
        tablet.until_type("heartbeat")
    assert in_use() - before <= 2 * len(settings.DATABASES)


def test_numbers_have_no_gap_when_redis_and_the_server_die(
    shaky_live: LiveServer, valkey: Valkey, place: Store, waiter: User, party: Party
) -> None:
    tablet = board(shaky_live, place, waiter)
    tablet.until_type("ready")
    announce(party.submit(), party.submit())
    valkey.client().flushall()
    announce(party.submit())
    tablet.until(is_number(3))
    valkey.client().client_kill_filter(_type="pubsub")
    announce(party.submit())
    tablet.until(is_number(4))
    valkey.kill()
    announce(party.submit())
    tablet.until(is_number(5))
    valkey.start()
    announce(party.submit())
    tablet.until(is_number(6))
    shaky_live.kill()
    announce(party.submit())
    shaky_live.start()
    again = board(shaky_live, place, waiter, resume_from=6)
    again.until(is_number(7))
    announce(party.submit())
    again.until(is_number(8))
    assert tablet.numbers + again.numbers == list(range(1, 9))
    rows = [f["data"] for f in tablet.frames + again.frames if f["type"] == "notification"]
    assert rows == _catch_up(store_channel(place.pk), 0)["items"]


def test_a_socket_opens_while_redis_is_away(
    shaky_live: LiveServer, valkey: Valkey, place: Store, waiter: User, party: Party
) -> None:
    valkey.kill()
    tablet = board(shaky_live, place, waiter)
    tablet.until_type("ready")
    announce(party.submit())
    tablet.until(is_number(1))


def test_hints_are_sent_from_a_forked_worker(live: LiveServer, party: Party) -> None:
    guest = phone(live, party)
    guest.until_type("heartbeat")
    program = (
        "import os, time, django; django.setup()\n"
        "from events.kernel import kicker\n"
        "from events.kernel.hints import hint\n"
        "def tell(version):\n"
        f"    hint('orders', 'tab.{party.tab_id}', {{'topic': 'cart', 'version': version}})\n"
        "    time.sleep(0.5)\n"
        "tell(1)\n"
        "if os.fork() == 0: tell(2); kicker._end(); os._exit(0)\n"
        "os.wait()\n"
    )
    common = {name: text for name, text in os.environ.items() if not name.endswith("_DATABASE_URL")}
    environment = {**common, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, env=environment, check=True)
    versions = [guest.until_type("hint")["data"]["version"] for _ in range(2)]
    assert versions == [1, 2]


def test_what_is_meant_for_another_role_passes_a_board_by(
    live: LiveServer, place: Store, waiter: User, party: Party
) -> None:
    owner = make_membership(place, Role.OWNER).user
    tablet, office = board(live, place, waiter), board(live, place, owner)
    for each in (tablet, office):
        each.until_type("heartbeat")
    announce(party.submit())
    notify_store(store_id=place.pk, alarm=True, audience=Audience.OWNER, kind="dead_letter")
    announce(party.submit())
    for each in (tablet, office):
        each.until(is_number(3))
    assert (tablet.numbers, office.numbers) == ([1, 3], [1, 2, 3])
    late = board(live, place, waiter, resume_from=1)
    assert late.until_type("ready")["data"]["open"] == [1, 3]
    assert late.numbers == [3]


def test_the_last_number_may_be_another_roles(
    live: LiveServer, place: Store, waiter: User, party: Party
) -> None:
    announce(party.submit())
    notify_store(store_id=place.pk, alarm=True, audience=Audience.OWNER, kind="dead_letter")
    tablet = board(live, place, waiter)
    ready = tablet.until_type("ready")
    assert (ready["seq"], ready["data"]["open"], tablet.numbers) == (2, [1], [1])
    announce(party.submit())
    tablet.until(is_number(3))
    assert tablet.numbers == [1, 3]


def test_a_person_with_another_role_listens_anew_in_that(
    live: LiveServer, place: Store, waiter: User
) -> None:
    tablet = board(live, place, waiter)
    tablet.until_type("ready")
    StaffMembership.objects.filter(user=waiter).update(role=Role.OWNER)
    assert close_code(tablet) == 1013
    notify_store(store_id=place.pk, alarm=True, audience=Audience.OWNER, kind="dead_letter")
    again = board(live, place, waiter)
    assert again.until_type("ready")["data"]["open"] == [1]
