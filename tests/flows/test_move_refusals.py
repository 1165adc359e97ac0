"""What `manage.py move_context` refuses, and that nothing has changed then; how it goes on when cut off."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.databases import beside, is_split_run
from tests.ports import free_port
from tests.stack import ROOT, Stack, environment, recreate_database, recreate_databases

pytestmark = pytest.mark.skipif(is_split_run(), reason="it starts from one database")
REDIS_DATABASE = 13
CONTEXT = "menus"
KNOWN = "menus_menu"
_HERE = f"SELECT to_regclass('public.{KNOWN}') IS NOT NULL, to_regclass('moved_menus.{KNOWN}') IS NOT NULL"


class House:
    """A prepared system with one database, nothing running, and a place for the context to move to."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.old = stack.env["DATABASE_URL"]
        self.new = beside(self.old, CONTEXT)

    def manage(self, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=ROOT, env={**self.stack.env, **env}, capture_output=True, text=True, check=False,
        )  # fmt: skip

    def move(self, url: str | None = None) -> subprocess.CompletedProcess[str]:
        return self.manage("move_context", CONTEXT, MENUS_DATABASE_URL=self.new if url is None else url)

    def migrate(self) -> None:
        done = self.manage("migrate", "--database", CONTEXT, "-v0", MENUS_DATABASE_URL=self.new)
        assert done.returncode == 0, done.stderr

    def sql(self, url: str, query: str) -> list[tuple[object, ...]]:
        with psycopg.connect(url, autocommit=True) as connection:
            cursor = connection.execute(query)  # type: ignore[arg-type]
            return cursor.fetchall() if cursor.description else []

    def count(self, url: str, table: str) -> object:
        return self.sql(url, f"SELECT count(*) FROM {table}")[0][0]

    def refuses(self, why: str, url: str | None = None) -> None:
        """It says why, without a traceback, and leaves the old database as it is."""
        deliveries = self.count(self.old, "events_delivery")
        result = self.move(url)
        assert result.returncode == 1
        assert why in result.stderr and "Traceback" not in result.stderr, result.stderr
        assert self.sql(self.old, _HERE) == [(True, False)]
        assert self.count(self.old, "events_delivery") == deliveries


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Stack:
    folder, port = tmp_path_factory.mktemp("refusals"), free_port()
    stack = Stack(folder, port, environment(folder, port, "refusals", REDIS_DATABASE))
    recreate_databases(stack.env)
    stack.manage("prepare", "--no-demo")
    stack.manage("load_demo", "--no-history", "-v0")
    recreate_database(beside(stack.env["DATABASE_URL"], CONTEXT))
    house = House(stack)
    house.migrate()
    return stack


@pytest.fixture
def house(prepared: Stack) -> Iterator[House]:
    """Its new database is there, with its tables and nothing in them."""
    house = House(prepared)
    yield house
    assert house.sql(house.old, _HERE) == [(True, False)], "a refusal must leave the next test its tables"
    for table in ("menus_item", "events_event"):
        house.sql(house.new, f"TRUNCATE {table} CASCADE")


def test_an_unknown_context(house: House) -> None:
    result = house.manage("move_context", "kitchen")
    assert result.returncode and "invalid choice: 'kitchen'" in result.stderr


def test_no_address(house: House) -> None:
    house.refuses("MENUS_DATABASE_URL is not set", url="")


def test_a_database_that_cannot_be_reached(house: House) -> None:
    house.refuses("does not exist", url=beside(house.old, "nowhere"))


def test_the_database_where_it_is_already(house: House) -> None:
    house.refuses("names the database where the tables are now", url=house.old)


def test_a_database_without_tables(house: House) -> None:
    bare = beside(house.old, "bare")
    recreate_database(bare)
    house.refuses("manage.py migrate --database menus first", url=bare)


@pytest.mark.parametrize("which", ["old", "new"])
def test_somebody_who_is_still_connected(house: House, which: str) -> None:
    with psycopg.connect(getattr(house, which)):
        house.refuses("1 other connections are open")


def test_a_new_database_that_is_somebody_elses(house: House) -> None:
    """Its rows must not go: a wrong address is a slip of the keyboard."""
    house.sql(
        house.new,
        "INSERT INTO events_event (id, topic, version, source, stream, seq, store_id, payload, headers, "
        "correlation_id, occurred_at) VALUES (gen_random_uuid(), 'a.b', 1, 'orders', 'order:1', 1, "
        "gen_random_uuid(), '{}', '{}', gen_random_uuid(), now())",
    )
    house.refuses("the new database is not empty (events_event)")
    assert house.count(house.new, "events_event") == 1


def test_rows_that_do_not_arrive(house: House) -> None:
    house.sql(
        house.new,
        "CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';"
        f"CREATE TRIGGER swallow BEFORE INSERT ON {KNOWN} FOR EACH ROW EXECUTE FUNCTION swallow()",
    )
    try:
        house.refuses(f"{KNOWN}: 2 rows left, 0 arrived")
        assert house.count(house.new, "menus_item") == 0
    finally:
        house.sql(house.new, f"DROP TRIGGER swallow ON {KNOWN}; DROP FUNCTION swallow()")


def test_what_an_earlier_move_left(house: House) -> None:
    house.sql(house.old, "CREATE SCHEMA moved_menus")
    try:
        house.refuses("schema moved_menus is there from an earlier move")
    finally:
        house.sql(house.old, "DROP SCHEMA moved_menus")


CUT = """
CREATE FUNCTION cut() RETURNS event_trigger LANGUAGE plpgsql AS
$$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); END $$;
CREATE EVENT TRIGGER cut ON ddl_command_start WHEN TAG IN ('CREATE SCHEMA') EXECUTE FUNCTION cut()
"""


def test_cut_off_between_its_two_commits_it_begins_anew_and_a_second_time_is_refused(
    tmp_path: Path, prepared: Stack
) -> None:
    """The new database has all rows already, the old one is not closed yet. Comes last: it moves."""
    house = House(prepared)
    rows = house.count(house.old, "menus_item")
    streams = house.sql(
        house.old, "SELECT name, last_seq FROM events_stream WHERE name LIKE 'menu:%' ORDER BY 1"
    )
    # The history of a year ago is deleted; the numbers of its streams must go on all the same.
    house.sql(
        house.old,
        "DELETE FROM events_delivery USING events_event e WHERE e.id = event_id AND source = 'menus'",
    )
    house.sql(house.old, "DELETE FROM events_event WHERE source = 'menus'")
    house.sql(house.old, CUT)
    try:
        house.refuses("cut off: ")
    finally:
        house.sql(house.old, "DROP EVENT TRIGGER cut; DROP FUNCTION cut()")
    assert house.count(house.new, "menus_item") == rows
    house.sql(house.old, "DELETE FROM menus_storesnapshot")  # life went on in the old place meanwhile

    done = house.move()
    assert done.returncode == 0, done.stderr
    assert house.sql(house.old, _HERE) == [(False, True)]
    assert house.count(house.new, "menus_item") == rows and house.count(house.new, "menus_storesnapshot") == 0
    moved = house.sql(
        house.new, "SELECT name, last_seq FROM events_stream WHERE name LIKE 'menu:%' ORDER BY 1"
    )
    assert moved == streams and streams

    again = house.move()
    assert again.returncode == 1 and "have been moved already" in again.stderr
    assert house.count(house.new, "menus_item") == rows
