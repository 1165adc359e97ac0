"""`manage.py events`: the same acts for consoles and scripts."""

import io
import json
from argparse import ArgumentTypeError
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from events import operations
from events.commands import subcommands
from events.commands.arguments import moment
from events.commands.console import Console
from events.kernel.databases import alias_of, all_aliases
from events.models import DeliveryStatus, Intervention
from events.operations import Actor
from events.queue_health import paused_handlers
from tests.events.conftest import LISTENER, SECOND, behavior, change, delivery_of, effects, ring
from tests.events.test_operations import rename
from tests.queue import deliver_all, ship_all

pytestmark = pytest.mark.django_db


def run(*words: str) -> tuple[int, str]:
    """(exit code, stdout)"""
    out = io.StringIO()
    try:
        call_command("events", *words, stdout=out)
    except SystemExit as end:
        return int(end.code or 0), out.getvalue()
    return 0, out.getvalue()


def said(*words: str) -> tuple[int, Any]:
    code, text = run(*words, "--json")
    return code, json.loads(text)


def kill_one() -> Any:
    behavior.bells_that_fail = {"front"}
    event = ring()
    deliver_all()
    behavior.bells_that_fail = set()
    return event


def test_a_healthy_queue_has_exit_code_0() -> None:
    code, answer = said("status")
    assert code == 0 and answer["healthy"] and answer["dead"] == []
    assert "Everything is on time." in run("status")[1]


def test_a_time_without_an_offset_is_utc_and_the_plan_says_so() -> None:
    text = run("replay", "--handler", LISTENER, "--since", "2026-11-22T18:00", "--dry-run")[1]
    assert "since 2026-11-22T18:00:00+00:00" in text


@pytest.mark.parametrize("text", ["999999d", "2026-99-99", "soon", ""])
def test_what_is_no_time_is_refused_in_words(text: str) -> None:
    with pytest.raises(ArgumentTypeError, match="is no time"):
        moment(text)


def test_status_names_dead_letters_with_their_reason() -> None:
    kill_one()
    code, answer = said("status")
    assert code == 1 and not answer["healthy"]
    assert [(row["handler"], row["letters"], row["error"]) for row in answer["dead"]] == [
        (LISTENER, 1, "GiveUp")
    ]
    assert answer["contexts"]["orders"]["dead"] == 1
    assert LISTENER in run("status")[1]


def test_status_shows_lateness_pauses_and_steps_that_are_gone() -> None:
    late = ring()
    ship_all()
    change(late, due_at=timezone.now() - timedelta(minutes=5))
    assert said("status")[0] == 1 and said("status", "--late", "600")[0] == 0
    rename(late, "orders.test_gone")
    assert said("status", "--late", "600")[1]["gone"] == {"orders.test_gone": 1}
    operations.pause(LISTENER, actor=Actor(None, "Kim"), reason="x")
    assert said("status", "--late", "600")[1]["paused"][LISTENER]["by"] == "Kim"


def test_a_dry_run_changes_nothing() -> None:
    event = kill_one()
    code, answer = said("retry", "--handler", LISTENER, "--dry-run")
    assert code == 0 and answer["count"] == 1 and answer["handlers"] == {LISTENER: 1}
    assert delivery_of(event).status == DeliveryStatus.DEAD
    assert not Intervention.objects.using(alias_of("orders")).exists()


def test_without_a_terminal_only_yes_acts() -> None:
    event = kill_one()
    assert run("retry", "--handler", LISTENER)[0] == 2
    assert delivery_of(event).status == DeliveryStatus.DEAD
    code, answer = said("retry", "--handler", LISTENER, "--yes", "--as", "Kim", "--reason", "mended")
    assert code == 0 and answer["count"] == 1
    deliver_all()
    assert effects() == [("front", 1)]
    row = Intervention.objects.using(alias_of("orders")).get()
    assert (row.action, row.actor_name, row.reason) == ("retry", "Kim", "mended")


def test_retry_all_means_every_dead_letter() -> None:
    kill_one()
    assert run("retry", "--yes")[0] == 2
    assert said("retry", "--all", "--yes")[1]["count"] == 1


def test_nothing_found_has_an_exit_code_of_its_own() -> None:
    assert run("retry", "--handler", LISTENER, "--yes")[0] == 1


def test_discarding_wants_a_reason() -> None:
    event = kill_one()
    with pytest.raises(CommandError, match="--reason"):
        run("discard", "--event", str(event), "--yes")
    assert run("discard", "--event", str(event), "--yes", "--reason", " ")[0] == 2
    assert delivery_of(event).status == DeliveryStatus.DEAD
    assert run("discard", "--event", str(event), "--yes", "--reason", "no use")[0] == 0
    assert delivery_of(event).status == DeliveryStatus.DISCARDED


def test_a_span_of_time_is_replayed() -> None:
    ring()
    deliver_all()
    assert run("replay", "--handler", LISTENER, "--yes")[0] == 2
    assert said("replay", "--handler", LISTENER, "--since", "1h", "--yes")[1]["count"] == 1
    deliver_all()
    assert effects() == [("front", 1), ("front", 1)]
    assert run("replay", "--handler", LISTENER, "--since", "1h", "--until", "30m", "--yes")[0] == 1


@pytest.mark.parametrize("words", [("--context", "payments"), ("--until", "1h"), ("--store", str(uuid4()))])
def test_a_whole_history_is_never_replayed(words: tuple[str, str]) -> None:
    ring()
    deliver_all()
    assert run("replay", *words, "--yes")[0] == 2
    assert not Intervention.objects.using(alias_of("payments")).exists()
    assert effects() == effects(SECOND) == [("front", 1)]


def test_a_yes_to_what_was_shown_is_none_to_what_came_since(monkeypatch: pytest.MonkeyPatch) -> None:
    def confirms(console: Console, question: str) -> bool:
        ring("late")
        deliver_all()
        return True

    ring()
    deliver_all()
    monkeypatch.setattr(Console, "confirms", confirms)
    assert run("replay", "--handler", LISTENER, "--since", "1h")[0] == 2
    assert not Intervention.objects.using(alias_of("orders")).exists()
    assert run("replay", "--handler", LISTENER, "--since", "1h", "--yes")[0] == 0


def test_a_time_that_is_none_is_explained() -> None:
    with pytest.raises(CommandError, match="is no time"):
        run("replay", "--handler", LISTENER, "--since", "yesterday")


def test_pause_and_resume() -> None:
    assert said("pause", LISTENER, "--reason", "x", "--dry-run")[1]["changed"]
    assert not paused_handlers(all_aliases())
    assert said("pause", LISTENER, "--reason", "x")[1]["changed"]
    ring()
    deliver_all()
    assert effects() == []
    assert run("resume", LISTENER)[0] == 0 and run("resume", LISTENER)[0] == 1
    deliver_all()
    assert effects() == [("front", 1)]
    assert run("pause", "orders.nobody", "--reason", "x")[0] == 2


def test_a_dry_run_of_a_switch_says_how_many_wait_now() -> None:
    ring()
    ship_all()
    assert said("pause", LISTENER, "--reason", "x", "--dry-run")[1]["waiting"] == 1
    text = run("pause", LISTENER, "--reason", "x", "--dry-run")[1]
    assert f"{LISTENER} would be paused; deliveries that wait for it now: 1" in text
    operations.pause(LISTENER, actor=Actor(None, "Kim"), reason="x")
    ring()
    ship_all()
    assert said("resume", LISTENER, "--dry-run")[1]["waiting"] == 2
    text = run("resume", LISTENER, "--dry-run")[1]
    assert f"{LISTENER} would go on; deliveries that wait for it now: 2" in text


def test_a_renamed_handler_gets_what_is_left() -> None:
    event = ring()
    ship_all()
    rename(event, "orders.test_gone")
    words = ("--handler", "orders.test_gone", "--to", LISTENER, "--yes")
    assert said("assign", *words)[1]["count"] == 1
    assert run("assign", "--handler", "orders.test_gone", "--to", "orders.nobody", "--yes")[0] == 2
    deliver_all()
    assert effects() == [("front", 1)]


def test_every_subcommand_explains_itself_with_examples(capsys: pytest.CaptureFixture[str]) -> None:
    for module in subcommands():
        assert run(module.NAME, "--help")[0] == 0
        said = " ".join(capsys.readouterr().out.split())
        assert module.HELP and " ".join(module.HELP.split()) in said
        assert f"manage.py events {module.NAME}" in said.partition("examples:")[2]


def test_the_bar_is_for_terminals_only() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    for err, as_json, is_drawn in (
        (Terminal(), False, True),
        (Terminal(), True, False),
        (io.StringIO(), False, False),
    ):
        console = Console(io.StringIO(), err, as_json=as_json)
        console.progress(5, 10)
        console.progress(10, 10)
        assert ("10 of 10" in err.getvalue()) is is_drawn
