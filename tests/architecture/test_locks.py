"""A lock takes the rows it needs and no row that many stories share."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(__file__).resolve().parents[2]
PATHS = [
    path
    for folder in (*settings.CONTEXTS, "events", "config")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if "select_for_update" in path.read_text()
]


def greedy_locks(source: str) -> Iterator[int]:
    """Lines whose query joins rows by `select_related` and locks them all, for want of `of=`."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        chain = {call.func.attr: call for call in _calls(node) if isinstance(call.func, ast.Attribute)}
        lock = chain.get("select_for_update")
        if lock and "select_related" in chain and all(word.arg != "of" for word in lock.keywords):
            yield node.lineno


def _calls(tree: ast.AST) -> list[ast.Call]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call)]


@pytest.mark.parametrize("path", PATHS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_lock_on_joined_rows_says_which_it_takes(path: Path) -> None:
    """Two payments of a store locked its account in different order: a deadlock, and a guest was told 503."""
    assert not list(greedy_locks(path.read_text()))


def test_a_greedy_lock_is_found() -> None:
    assert list(greedy_locks('Row.objects.select_for_update().select_related("parent").get(pk=1)'))
    assert not list(greedy_locks('Row.objects.select_for_update(of=("self",)).select_related("a").get()'))
