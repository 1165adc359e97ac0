"""Whatever a handler of ours raises is told to the owner in words of its own."""

import ast
import inspect
import sys
import textwrap
from collections import defaultdict
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
from django.conf import settings
from django.utils.translation import override

from events.meanings import plain_error
from events.registry import all_handlers

OURS = (*settings.CONTEXTS, "events")


def is_ours(thing: Any) -> bool:
    return str(getattr(thing, "__module__", "")).partition(".")[0] in OURS


def modules_of_handlers() -> set[ModuleType]:
    """What the handlers' modules import, and so on, whatever else this run has loaded."""
    todo = {sys.modules[handler.run.__module__] for handler in all_handlers() if is_ours(handler.run)}
    found: set[ModuleType] = set()
    while todo:
        module = todo.pop()
        found.add(module)
        for value in vars(module).values():
            name = str(value.__name__ if inspect.ismodule(value) else getattr(value, "__module__", ""))
            if name.partition(".")[0] in OURS and sys.modules[name] not in found:
                todo.add(sys.modules[name])
    return found


def methods() -> dict[tuple[str, str], list[Any]]:
    """(context, name) -> what classes of this context call so; a call does not tell whose it is."""
    found: dict[tuple[str, str], list[Any]] = defaultdict(list)
    known = [each for module in modules_of_handlers() for each in vars(module).values()]
    kinds = {each for each in known if inspect.isclass(each)}
    for kind in filter(is_ours, kinds):
        for name, member in vars(kind).items():
            plain = getattr(member, "__func__", getattr(member, "fget", member))
            if inspect.isfunction(plain):
                found[kind.__module__.partition(".")[0], name].append(plain)
    return found


def named(node: ast.AST, known: dict[str, Any]) -> Any:
    """What a name or a dotted name of a module stands for; None when only a running program knows."""
    if isinstance(node, ast.Name):
        return known.get(node.id)
    if isinstance(node, ast.Attribute) and inspect.ismodule(owner := named(node.value, known)):
        return getattr(owner, node.attr, None)
    return None


def steps(function: Any, by_name: dict[tuple[str, str], list[Any]]) -> Iterator[Any]:
    """The functions of ours that it may call, and the errors that it raises."""
    known, context = function.__globals__, function.__module__.partition(".")[0]
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise) and node.exc:
            yield from (named(each, known) for each in ast.walk(node.exc))
        elif inspect.isfunction(found := named(node, known)):
            yield inspect.unwrap(found)
        elif isinstance(node, ast.Attribute) and found is None:
            yield from by_name.get((context, node.attr), ())


def errors_of_handlers() -> set[type[Exception]]:
    by_name = methods()
    todo, seen = [handler.run for handler in all_handlers() if is_ours(handler.run)], set()
    errors: set[type[Exception]] = set()
    while todo:
        function = todo.pop()
        seen.add(function)
        for step in filter(is_ours, steps(function, by_name)):
            if inspect.isclass(step) and issubclass(step, Exception):
                errors.add(step)
            elif inspect.isfunction(step) and step not in seen:
                todo.append(step)
    return errors


UNKNOWN = "Something went wrong inside the system."


def test_the_walk_finds_what_is_known_to_be_raised() -> None:
    names = {error.__name__ for error in errors_of_handlers()}
    assert {"NotDelivered", "RefundUncertain", "PaymentUnknown", "BillNotReady", "Malformed"} <= names
    assert "MenuNotReady" not in names  # only a person's click raises it


def test_every_error_that_a_handler_raises_has_words() -> None:
    wordless = [e.__name__ for e in errors_of_handlers() if plain_error(f"{e.__name__}: x") == UNKNOWN]
    assert wordless == []


@pytest.mark.parametrize(
    ("recorded", "told"),
    [
        ("", ""),
        ("NotDelivered: 500\n\nTraceback", "The address refused the message or did not answer."),
        ("NotDelivered", "The address refused the message or did not answer."),
        ("OperationalError: gone", "The database could not be reached."),
        ("SomethingNew: x", UNKNOWN),
    ],
)
def test_an_error_is_told_by_its_kind(recorded: str, told: str) -> None:
    assert str(plain_error(recorded)) == told


def test_an_error_is_told_in_the_readers_language() -> None:
    with override("ko"):
        assert str(plain_error("NotDelivered: 500")) == "받는 주소가 메시지를 거부했거나 응답하지 않았어요."
