"""Phones and boards in front of the real processes; each test has tables of its own."""

from collections.abc import Callable, Iterator
from itertools import count

import pytest

from tests.flows.clients import Board, Caller, Phone
from tests.flows.truth import Truth
from tests.stack import Stack

NewPhone = Callable[..., Phone]
_turn = count()
_OPEN_POCHA = (
    "from stores.models import Store; from stores.services import change_store; "
    "store = Store.objects.get(slug='pocha'); change_store(store_id=store.id, changes={}, opening_hours=[])"
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "/tests/flows/" in item.path.as_posix():
            item.add_marker(pytest.mark.processes)


@pytest.fixture(scope="session")
def truth(stack: Stack) -> Truth:
    """What the tables say."""
    return Truth(stack)


@pytest.fixture(scope="session")
def callers(stack: Stack) -> Iterator[list[Caller]]:
    opened: list[Caller] = []
    yield opened
    for caller in opened:
        caller.close()


@pytest.fixture(scope="session")
def board(stack: Stack, truth: Truth, callers: list[Caller]) -> Board:
    """The owner of the pay-first store."""
    callers.append(Board(stack.base_url, "owner", "hansang", truth.store_id("hansang")))
    return callers[-1]  # type: ignore[return-value]


@pytest.fixture(scope="session")
def floor(stack: Stack, truth: Truth, callers: list[Caller]) -> Board:
    """Somebody on the floor of the pay-first store."""
    callers.append(Board(stack.base_url, "floor", "hansang", truth.store_id("hansang")))
    return callers[-1]  # type: ignore[return-value]


@pytest.fixture(scope="session")
def pocha(stack: Stack, truth: Truth, callers: list[Caller]) -> Board:
    """The owner of the store where guests eat first; open at every hour."""
    stack.manage("shell", "-c", _OPEN_POCHA)
    truth.settle()
    callers.append(Board(stack.base_url, "pocha", "pocha", truth.store_id("pocha")))
    return callers[-1]  # type: ignore[return-value]


@pytest.fixture
def phone_at(stack: Stack, callers: list[Caller]) -> NewPhone:
    """phone_at(token) -> a phone that joined the table behind this code."""

    def make(token: str) -> Phone:
        callers.append(Phone(stack.base_url, token))
        return callers[-1].join()  # type: ignore[attr-defined, no-any-return]

    return make


@pytest.fixture
def free_tables(truth: Truth, board: Board) -> Iterator[list[str]]:
    """Codes of three tables of the pay-first store where nobody sits."""
    tokens = truth.tokens("hansang")
    first = 3 * next(_turn)
    chosen = [tokens[(first + index) % len(tokens)] for index in range(3)]
    truth.clear(board, chosen)
    yield chosen
    truth.clear(board, chosen)


@pytest.fixture
def pocha_tables(truth: Truth, pocha: Board) -> Iterator[list[str]]:
    """Codes of the tables of the store where guests eat first; nobody sits there."""
    tokens = truth.tokens("pocha")
    truth.clear(pocha, tokens)
    yield tokens
    truth.clear(pocha, tokens)


@pytest.fixture
def phone(phone_at: NewPhone, free_tables: list[str]) -> Phone:
    """A phone at a fresh table of the pay-first store."""
    return phone_at(free_tables[0])
