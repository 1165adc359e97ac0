"""Processes of its own: what is broken here must not be another test's surprise."""

from collections.abc import Iterator

import pytest

from tests.flows.conftest import board, callers, phone_at, truth  # noqa: F401
from tests.stack import Stack, running_stack

REDIS_DATABASE = 13


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with running_stack(tmp_path_factory.mktemp("chaos"), "chaos", REDIS_DATABASE) as running:
        yield running
