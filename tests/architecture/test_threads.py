"""What may crash a process with several threads stands nowhere."""

import ast
import typing
from pathlib import Path

from events.base import DomainEvent, _decoder_of
from events.structures import is_described
from orders import inputs

ROOT = Path(__file__).resolve().parents[2]
CONTEXTS = ("config", "events", "stores", "menus", "orders", "payments", "notifications")
MAKES_THEM_ONE_BY_ONE = ROOT / "events" / "base.py"


def _meets_types(path: Path) -> list[str]:
    """Calls by which msgspec meets a type in the middle of a request."""
    return [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        if ast.unparse(node.func.value).startswith("msgspec")
        if node.func.attr == "convert"
        or (node.func.attr == "decode" and any(word.arg == "type" for word in node.keywords))
    ]


def test_types_are_met_one_thread_at_a_time() -> None:
    """msgspec 0.22 ends the process (a null pointer) when two threads decode into a new type together."""
    files = [path for context in CONTEXTS for path in (ROOT / context).rglob("*.py")]
    assert [place for path in files if path != MAKES_THEM_ONE_BY_ONE for place in _meets_types(path)] == []


def test_decoders_of_bodies_are_ready_before_the_first_request() -> None:
    assert inputs.ORDER.type is inputs.OrderInput and inputs.CART.type is inputs.CartInput


def test_decoders_of_events_meet_no_structures() -> None:
    """msgspec would drop what a structure does not name: copies would lose what a newer release says."""
    told = {kind.topic: typing.get_type_hints(kind) for kind in DomainEvent.types.values()}
    checked = [
        f"{topic}: {name}"
        for topic, hints in told.items()
        for name, what in hints.items()
        if is_described(what)
    ]
    assert checked == []


def test_an_events_decoder_is_made_once() -> None:
    kind = next(iter(DomainEvent.types.values()))
    assert _decoder_of(kind) is _decoder_of(kind)
