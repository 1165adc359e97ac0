"""The copies' pages: what differs is readable, a rebuild asks first, says why, and shows how far it is."""

import json
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from events.kernel.databases import alias_of
from events.models import SnapshotRun, SnapshotState
from events.snapshot_runs import start, work, work_snapshot_run
from events.snapshots import keeper_named
from orders.models import StoreSnapshot, TableSnapshot
from stores.models import Role, Store
from tests.admin.conftest import admitted, signed_in
from tests.factories import make_store, make_table
from tests.queue import deliver_all, published

OVERVIEW = "/admin/snapshots/"
CHECK = f"{OVERVIEW}orders.store/"
BEGIN = f"{CHECK}begin/"
QUERY_LIMIT = 70


@pytest.fixture
def store(db: None) -> Store:
    """A store with two tables that everybody was told of; the guest page shows an old name."""
    made = make_store(announced=True, name="Right <b>name</b>")
    for _ in range(2):
        make_table(made, announced=True)
    deliver_all()
    damage(made)
    return made


def damage(store: Store) -> None:
    row = StoreSnapshot.objects.get(pk=store.pk)
    row.data["name"] = "Wrong name"
    row.save()


def name_shown(store: Store) -> str:
    return str(StoreSnapshot.objects.get(pk=store.pk).data["name"])


def runs() -> list[SnapshotRun]:
    return list(SnapshotRun.objects.using(alias_of("orders")).order_by("created_at"))


def work_off() -> None:
    for run in runs():
        while not run.is_over:
            work_snapshot_run(alias=alias_of("orders"), run_id=str(run.pk))
            run.refresh_from_db()


def test_the_overview_says_which_copy_differs(boss: Client, store: Store) -> None:
    page = boss.get(OVERVIEW)
    wrong = [copy.keeper.name for copy in page.context["copies"] if copy.seen.differences]
    assert wrong == ["orders.store"] and "1 copy differs" in page.content.decode()
    assert len(page.context["copies"]) == 8


def test_the_check_shows_both_sides_and_changes_nothing(boss: Client, store: Store) -> None:
    page = boss.get(CHECK).content.decode()
    assert "Wrong name" in page and "Right &lt;b&gt;name&lt;/b&gt;" in page
    assert name_shown(store) == "Wrong name" and not runs()


def test_a_rebuild_is_kept_with_who_and_why(boss: Client, store: Store) -> None:
    facts = len(published())
    answer = boss.post(BEGIN, {"rebuild": "1", "reason": "the page shows <i>old</i> things"})
    run = runs()[0]
    assert answer["Location"] == f"{OVERVIEW}runs/{run.pk}/"
    assert name_shown(store) == "Wrong name" and run.state == SnapshotState.WAITING
    assert "data-goes-on" in boss.get(answer["Location"]).content.decode()
    work_off()
    page = boss.get(answer["Location"]).content.decode()
    assert name_shown(store) == "Right <b>name</b>"
    assert "data-goes-on" not in page and "1 rebuilt" in page and "&lt;i&gt;old" in page
    history = boss.get(OVERVIEW).content.decode()
    assert run.actor_name in history and "the page shows" in history
    assert len(published()) == facts


def test_a_rebuild_without_a_reason_does_not_begin(boss: Client, store: Store) -> None:
    boss.post(BEGIN, {"rebuild": "1", "reason": "  "})
    assert not runs() and name_shown(store) == "Wrong name"


@pytest.mark.parametrize("path", [BEGIN, f"{OVERVIEW}runs/0199aaaa-0000-7000-8000-000000000000/go-on/"])
def test_looking_at_a_button_presses_nothing(boss: Client, store: Store, path: str) -> None:
    assert boss.get(path, {"rebuild": "1", "reason": "x"}).status_code == 405
    assert not runs() and name_shown(store) == "Wrong name"


def test_without_a_worker_the_page_does_one_store_itself(boss: Client, store: Store) -> None:
    boss.post(BEGIN, {"rebuild": "1", "reason": "x"})
    SnapshotRun.objects.using(alias_of("orders")).update(moved_at="2020-01-01T00:00:00Z")
    path = f"{OVERVIEW}runs/{runs()[0].pk}/"
    assert "No worker has taken it up yet." in boss.get(path).content.decode()
    boss.post(f"{path}go-on/")
    assert runs()[0].state == SnapshotState.DONE and name_shown(store) == "Right <b>name</b>"


def test_another_stores_owner_sees_and_starts_nothing_here(foreign_boss: Client, store: Store) -> None:
    copy = keeper_named("orders.store")
    assert copy is not None
    run = start(copy, store_id=store.pk, rebuilds=False, actor_name="Kim <next door>")
    assert foreign_boss.get(f"{OVERVIEW}runs/{run.pk}/").status_code == 404
    assert foreign_boss.post(f"{OVERVIEW}runs/{run.pk}/go-on/").status_code == 404
    assert "next door" not in foreign_boss.get(OVERVIEW).content.decode()
    assert "Wrong name" not in foreign_boss.get(f"{CHECK}?store={store.slug}").content.decode()
    foreign_boss.post(f"{BEGIN}?store={store.slug}", {"rebuild": "1", "reason": "mine"})
    work_off()
    assert name_shown(store) == "Wrong name"


def test_only_platform_admins_do_all_stores(boss: Client, platform_admin: object, store: Store) -> None:
    other = make_store(announced=True)
    deliver_all()
    damage(other)
    form = {"rebuild": "1", "everywhere": "1", "reason": "backup"}
    assert boss.post(BEGIN, form).status_code == 404 and not runs()
    signed_in(platform_admin).post(BEGIN, form)  # type: ignore[arg-type]
    run = runs()[0]
    assert (run.total, run.done, run.store_id) == (2, 0, None)
    work(alias_of("orders"), run.pk)
    assert (runs()[0].done, runs()[0].repaired) == (1, 1)
    work_off()
    assert "Wrong name" not in {name_shown(store), name_shown(other)}
    assert boss.get(f"{OVERVIEW}runs/{run.pk}/").status_code == 404


@pytest.mark.parametrize("role", [Role.FLOOR, Role.KITCHEN])
def test_floor_and_kitchen_stay_outside(store: Store, role: str) -> None:
    client = signed_in(admitted(store, role))
    assert client.get(OVERVIEW).status_code == 302
    assert client.post(BEGIN, {"rebuild": "1", "reason": "x"}).status_code == 302
    assert not runs()


def test_an_unknown_copy_is_not_there(boss: Client, store: Store) -> None:
    assert boss.get(f"{OVERVIEW}orders.nothing/").status_code == 404
    assert boss.post(f"{OVERVIEW}orders.nothing/begin/").status_code == 404


def test_what_breaks_a_run_is_said_and_changes_nothing(boss: Client, store: Store) -> None:
    boss.post(BEGIN, {"rebuild": "1", "reason": "x"})
    SnapshotRun.objects.using(alias_of("orders")).update(todo=["no uuid"])
    work(alias_of("orders"), runs()[0].pk)
    run = runs()[0]
    assert run.state == SnapshotState.FAILED and "ValueError" in run.error
    assert name_shown(store) == "Wrong name"
    assert "It broke off" in boss.get(f"{OVERVIEW}runs/{run.pk}/").content.decode()


def test_the_overview_takes_a_bounded_number_of_queries(boss: Client, store: Store) -> None:
    with CaptureQueriesContext(connection) as queries:
        boss.get(OVERVIEW)
    assert len(queries) <= QUERY_LIMIT


def command(*words: str) -> tuple[int, str]:
    out = StringIO()
    try:
        call_command(*words, stdout=out)
    except SystemExit as end:
        return int(end.code or 0), out.getvalue()
    return 0, out.getvalue()


@pytest.mark.parametrize("words", [("rebuild_snapshots",), ("events", "rebuild-snapshots")])
def test_the_command_checks_and_rebuilds(store: Store, words: tuple[str, ...]) -> None:
    code, text = command(*words, "orders.store", "--check")
    assert code == 1 and "name: Wrong name -> Right <b>name</b>" in text
    assert name_shown(store) == "Wrong name"
    assert command(*words, "orders.store")[0] == 2  # it wants a reason
    assert name_shown(store) == "Wrong name"
    assert command(*words, "orders.store", "--reason", "backup")[0] == 0
    assert name_shown(store) == "Right <b>name</b>"
    assert command(*words, "orders.store", "--check")[0] == 0
    assert [run.rebuilds for run in runs()] == [False, True, False]


def test_the_command_answers_programs(store: Store) -> None:
    TableSnapshot.objects.filter(store_id=store.pk).delete()
    code, text = command("rebuild_snapshots", "orders.tables", "--store", str(store.pk), "--check", "--json")
    found = json.loads(text)["runs"][0]
    assert code == 1 and (found["copy"], found["differing"], found["state"]) == ("orders.tables", 2, "done")
    assert {row["kind"] for row in found["found"]} == {"missing"}


def test_the_command_knows_its_copies(store: Store) -> None:
    assert command("rebuild_snapshots", "orders.nothing", "--check")[0] == 2
