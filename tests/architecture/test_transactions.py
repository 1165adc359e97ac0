"""Every transaction, commit hook and raw statement names the database of the context it belongs to."""

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(__file__).resolve().parents[2]
NAMING = {"atomic", "on_commit", "in_transaction", "alias_of"}  # of events.kernel.databases
# Django's own tools that work on `default` unless told otherwise.
TOOLS = {"atomic", "on_commit", "get_connection", "savepoint", "set_autocommit", "rollback", "commit"}
Finding = tuple[int, str]


def _modules() -> list[Path]:
    folders = (*settings.CONTEXTS, "events", "config")
    found = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    return [path for path in found if "migrations" not in path.parts]


def findings(source: str, context: str) -> list[Finding]:
    """What a module of this context does on a database it does not name: [(line, why)]."""
    tree = ast.parse(source)
    constants: dict[str, object] = {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    is_context = context in settings.CONTEXTS
    checks: list[Callable[[ast.AST], str]] = [_bad_import, _bad_tool]
    if is_context:
        checks += [_Own(context, constants).problem, _bare_tools]
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    return [
        (getattr(node, "lineno", 0), why)
        for node in ast.walk(tree)
        for why in [*(check(node) for check in checks), _uncalled(node, called)]
        if why
    ]


def _bad_import(node: ast.AST) -> str:
    if not isinstance(node, ast.ImportFrom):
        return ""
    names = {alias.name for alias in node.names}
    if node.module == "django.db" and "connection" in names:
        return "`connection` is always the default database"
    return "import `transaction` itself" if node.module == "django.db.transaction" and names & TOOLS else ""


def _bad_tool(node: ast.AST) -> str:
    """`transaction.atomic()` without `using`; `connections["name"]`; `.using("name")`."""
    if isinstance(node, ast.Call) and _is_tool(node.func):
        return "" if any(word.arg == "using" for word in node.keywords) else "no `using`"
    if _is_using(node):
        return "`using` a fixed name" if isinstance(node.args[0], ast.Constant) else ""  # type: ignore[attr-defined]
    if isinstance(node, ast.Subscript) and _name(node.value) == "connections":
        return "a connection by a fixed name" if isinstance(node.slice, ast.Constant) else ""
    return ""


def _bare_tools(node: ast.AST) -> str:
    is_call = isinstance(node, ast.Call) and _is_tool(node.func)
    return "a context takes events.kernel.databases" if is_call else ""


def _uncalled(node: ast.AST, called: set[int]) -> str:
    """`@transaction.atomic`, or the function handed on."""
    return "no `using`" if _is_tool(node) and id(node) not in called else ""


class _Own:
    """In a context every name must be the context's own."""

    def __init__(self, context: str, constants: dict[str, object]) -> None:
        self.context = context
        self.constants = constants

    def problem(self, node: ast.AST) -> str:
        if isinstance(node, ast.Subscript) and _name(node.value) == "connections":
            return "" if self._is_own_alias(node.slice) else "a connection of no named context"
        if not isinstance(node, ast.Call):
            return ""
        name = _name(node.func)
        if name in NAMING and isinstance(node.func, ast.Name):
            return "" if node.args and self._is_own(node.args[0]) else f"{name}() of another context"
        if name == "execute" and isinstance(node.func, ast.Name):
            return "" if node.args and self._is_own_alias(node.args[0]) else "a statement elsewhere"
        return ""

    def _is_own(self, node: ast.expr) -> bool:
        value = node.value if isinstance(node, ast.Constant) else self.constants.get(_name(node))
        return value == self.context

    def _is_own_alias(self, node: ast.expr) -> bool:
        if not (isinstance(node, ast.Call) and _name(node.func) == "alias_of"):
            return _name(node) == "alias"  # a variable: its own alias_of() is looked at
        return bool(node.args) and self._is_own(node.args[0])


def _name(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else getattr(node, "attr", "")


def _is_tool(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and node.attr in TOOLS and _name(node.value) == "transaction"


def _is_using(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "using"
        and bool(node.args)
    )


def _all() -> Iterator[str]:
    for path in _modules():
        inside = path.relative_to(ROOT)
        for line, why in findings(path.read_text(encoding="utf-8"), inside.parts[0]):
            yield f"{inside}:{line} {why}"


def test_every_transaction_names_its_own_database() -> None:
    assert len(_modules()) > 150
    assert list(_all()) == []


@pytest.mark.parametrize(
    "source",
    [
        "from django.db import connection",
        "from django.db.transaction import atomic",
        "from django.db import transaction\nwith transaction.atomic():\n    pass",
        "from django.db import transaction\n@transaction.atomic\ndef pay(): ...",
        "from django.db import transaction\ntransaction.on_commit(ring)",
        "with transaction.atomic(using=alias_of('payments')):\n    pass",
        "with atomic():\n    pass",
        "with atomic('orders'):\n    pass",
        "CONTEXT = 'orders'\nwith atomic(CONTEXT):\n    pass",
        "with atomic(context):\n    pass",
        "on_commit('orders', ring)",
        "connections['default'].cursor()",
        "connections[alias_of('orders')].cursor()",
        "execute(alias_of('orders'), 'SELECT 1', [])",
        "execute('default', 'SELECT 1', [])",
        "Bill.objects.using('default').get()",
    ],
)
def test_a_database_that_is_not_the_contexts_own_is_found(source: str) -> None:
    assert findings(source, "payments")


@pytest.mark.parametrize(
    "source",
    [
        "with atomic('payments', savepoint=False):\n    pass",
        "CONTEXT = 'payments'\nwith atomic(CONTEXT):\n    pass",
        "on_commit('payments', ring)",
        "connections[alias_of('payments')].cursor()",
        "alias = alias_of('payments')\nexecute(alias, 'SELECT 1', [])",
    ],
)
def test_the_contexts_own_database_is_fine(source: str) -> None:
    assert findings(source, "payments") == []
