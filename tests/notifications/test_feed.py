"""Hints come late, doubled and in any order: a socket passes on every number once, in order, all the same."""

import contextlib
import random
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from asgiref.sync import async_to_sync

from notifications import selectors
from notifications.apis import _catch_up
from notifications.feed import Feed
from notifications.models import store_channel
from notifications.services import acknowledge
from stores.models import Store
from tests.notifications.facts import Party, announce

# The feed gives its connection back between reads: an open transaction would be cut.
pytestmark = pytest.mark.django_db(transaction=True)

FAR = 1000
Json = dict[str, Any]


class Socket:
    """A feed of the store's channel, and the frames that a board would get."""

    def __init__(self, store: Store) -> None:
        self.store_id = store.pk
        self.frames: list[Json] = []
        self.feed = Feed(store_channel(store.pk), self._keep)
        self._do(lambda: self.feed.start(0))

    async def _keep(self, frame: Json) -> None:
        self.frames.append(frame)

    def _do(self, work: Callable[[], Awaitable[None]]) -> None:
        async def run() -> None:
            await work()

        async_to_sync(run)()

    def hear(self, *hints: Json) -> None:
        for hint in hints:
            self._do(lambda data=hint: self.feed.poke(data))  # type: ignore[misc]

    def told(self, kind: str = "notification") -> list[int]:
        return [frame["seq"] for frame in self.frames if frame["type"] == kind]


@pytest.fixture
def socket(store: Store) -> Socket:
    return Socket(store)


def orders(party: Party, count: int) -> list[Json]:
    """New alarms of the store, and the hints that their commits would send."""
    known = len(_rows(party))
    announce(*[party.submit() for _ in range(count)])
    return [{"topic": "notification", "seq": row["seq"], "row": row} for row in _rows(party)[known:]]


def _rows(party: Party) -> list[Json]:
    items: list[Json] = _catch_up(store_channel(party.store_id), 0)["items"]
    return items


def take(store: Store, seq: int) -> Json:
    """Somebody takes the alarm; the hint of it."""
    [row] = acknowledge(store_id=store.pk, seqs=[seq], actor_id=None, actor_name="Kim", device="bar")
    assert row.acked_at
    return {"topic": "acked", "seq": seq, "by": "Kim", "at": row.acked_at.isoformat(), "device": "bar"}


def test_a_doubled_hint_is_passed_on_once(socket: Socket, party: Party) -> None:
    hints = orders(party, 3)
    socket.hear(*[hint for hint in hints for _ in range(2)], *hints)
    assert socket.told() == [1, 2, 3]


def test_a_hint_that_comes_too_early_brings_what_it_overtook(socket: Socket, party: Party) -> None:
    hints = orders(party, 4)
    socket.hear(hints[3])
    assert socket.told() == [1, 2, 3, 4]
    socket.hear(*hints)  # the others, late
    assert socket.told() == [1, 2, 3, 4]


@pytest.mark.parametrize("seed", range(8))
def test_shuffled_and_doubled_hints_make_no_gap_and_no_double(
    socket: Socket, party: Party, seed: int
) -> None:
    dice, heard = random.Random(seed), []
    for _ in range(3):
        heard += orders(party, 4)
        again = [*heard[-4:], *dice.choices(heard, k=6)]
        dice.shuffle(again)
        socket.hear(*again)
    assert socket.told() == list(range(1, 13))
    shown = [frame["data"] for frame in socket.frames if frame["type"] == "notification"]
    assert shown == _rows(party)


def test_a_hint_of_a_number_that_is_nowhere_leads_to_the_table(socket: Socket, party: Party) -> None:
    hint = orders(party, 2)[1]
    invented = {**hint, "seq": FAR, "row": {**hint["row"], "seq": FAR}}
    socket.hear(invented, invented)
    assert socket.told() == [1, 2]
    socket.hear(*orders(party, 1))
    assert socket.told() == [1, 2, 3]


def test_an_alarm_taken_twice_or_before_it_was_heard_falls_silent_once(
    socket: Socket, store: Store, party: Party
) -> None:
    hints = orders(party, 2)
    taken = take(store, 2)
    socket.hear(taken, hints[0], taken, hints[1], hints[0])
    assert socket.told() == [1, 2]
    assert socket.told("acked") == []  # the row that was read said so already
    first = take(store, 1)
    socket.hear(first, first, {**first, "seq": FAR})
    assert socket.told("acked") == [1]


def test_a_late_hint_of_a_taken_alarm_does_not_make_it_ring_again(
    socket: Socket, store: Store, party: Party
) -> None:
    hints = orders(party, 1)
    socket.hear(*hints, take(store, 1), *hints)
    assert socket.told() == [1] and socket.told("acked") == [1]
    socket._do(socket.feed.pull)
    assert socket.told("acked") == [1]


@pytest.fixture
def outrun(party: Party, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Any]:
    """`with outrun():` whoever looks where a channel stands is overtaken by one more alarm."""
    look = selectors.channel_state

    def late(*where: str) -> selectors.ChannelState:
        state = look(*where)
        orders(party, 1)
        return state

    @contextlib.contextmanager
    def outrunning() -> Iterator[None]:
        with monkeypatch.context() as patch:
            patch.setattr(selectors, "channel_state", late)
            yield

    return outrunning


def test_an_alarm_that_comes_while_a_board_catches_up_rings_until_it_is_taken(
    store: Store, party: Party, outrun: Callable[[], Any]
) -> None:
    orders(party, 1)
    with outrun():
        socket = Socket(store)
    ready = socket.frames[-1]
    assert socket.told() == [1, 2, 3]
    assert (ready["type"], ready["seq"], ready["data"]["open"]) == ("ready", 3, [1, 2, 3])

    socket.hear(take(store, 3))

    assert socket.told("acked") == [3]


def test_an_alarm_that_comes_during_a_heartbeat_falls_silent_even_without_a_hint(
    socket: Socket, store: Store, party: Party, outrun: Callable[[], Any]
) -> None:
    orders(party, 1)
    with outrun():
        socket._do(socket.feed.pull)
    assert socket.told() == [1, 2]
    take(store, 2)

    socket._do(socket.feed.pull)

    assert socket.told("acked") == [2]
