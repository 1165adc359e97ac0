"""A database that cannot do it right now is "try again", not "broken": nothing was done."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from django.db import connections
from django.test import Client

from events.kernel.databases import alias_of
from orders.models import TableTokenSnapshot

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def a_busy_table() -> Iterator[None]:
    """Somebody else holds it; we do not wait for long."""
    ours = connections[alias_of("orders")]
    with ours.cursor() as cursor:
        cursor.execute("SET lock_timeout = '50ms'")
    name, url = TableTokenSnapshot._meta.db_table, ours.get_connection_params()
    with psycopg.connect(host=url["host"], dbname=url["dbname"], user=url["user"]) as other:
        other.execute(f'LOCK TABLE "{name}" IN ACCESS EXCLUSIVE MODE')  # type: ignore[arg-type]
        try:
            yield
        finally:
            ours.close()


@pytest.fixture
def caller() -> Client:
    return Client(raise_request_exception=False)


def test_the_api_says_try_again(caller: Client) -> None:
    with a_busy_table():
        answer = caller.get("/api/v1/t/ABCDEFGH2345/")
    assert answer.status_code == 503
    assert answer["Retry-After"] == "2"
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["type"] == "urn:hansang:problem:unavailable"


def test_a_page_says_it_in_words_without_asking_the_database_again(caller: Client) -> None:
    with a_busy_table():
        answer = caller.get("/t/ABCDEFGH2345/")
    assert answer.status_code == 503
    assert answer["Retry-After"] == "2"
    assert "try again in a moment" in answer.content.decode()
