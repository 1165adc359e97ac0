"""Every door says who may come in, and looking changes nothing."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.urls import URLResolver, get_resolver
from rest_framework.views import APIView

from config.access import ALL_ROLES

ROOT = Path(__file__).resolve().parents[2]


def _doors(resolver: Any = None, inherited: frozenset[str] = frozenset()) -> Iterator[tuple[Any, set[str]]]:
    """Every view with the names its address gives it."""
    for entry in (resolver or get_resolver()).url_patterns:
        names = inherited | set(getattr(entry.pattern, "converters", ()))
        if isinstance(entry, URLResolver):
            yield from _doors(entry, names)
        else:
            callback = entry.callback
            yield getattr(callback, "cls", None) or getattr(callback, "view_class", None), set(names)


def _api_views() -> set[type[APIView]]:
    found = {view for view, _ in _doors()}
    mine = {view for view in found if view is not None and issubclass(view, APIView)}
    return {view for view in mine if not view.__module__.startswith("drf_spectacular")}


def test_every_api_view_says_who_may_call_it() -> None:
    silent = [
        view.__qualname__
        for view in _api_views()
        if getattr(view, "access", None) not in {"public", "guest", "staff"}
    ]
    assert silent == []


def test_roles_are_known_and_only_asked_of_staff() -> None:
    wrong = [
        view.__qualname__
        for view in _api_views()
        if (roles := getattr(view, "roles", None)) is not None
        and (view.access != "staff" or not set(roles) <= ALL_ROLES or not roles)  # type: ignore[attr-defined]
    ]
    assert wrong == []


def test_staff_views_name_their_store_in_the_address() -> None:
    """The policy finds the membership by it; without it nobody would get in."""
    wrong = [
        view.__qualname__
        for view, names in _doors()
        if getattr(view, "access", None) == "staff" and "store_id" not in names
    ]
    assert wrong == []


def _get_methods(path: Path) -> Iterator[ast.FunctionDef]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef) and node.name == "get":
            yield node


def _calls_services(method: ast.FunctionDef) -> bool:
    return any(
        isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "services"
        for node in ast.walk(method)
    )


def test_reading_never_calls_a_service() -> None:
    """Services write. A link that somebody previews, prefetches or shares must do nothing."""
    writing = [
        f"{path.relative_to(ROOT)}:{method.lineno}"
        for context in settings.CONTEXTS
        for pattern in ("apis*.py", "views*.py", "apis/*.py", "views/*.py")
        for path in (ROOT / context).glob(pattern)
        for method in _get_methods(path)
        if _calls_services(method)
    ]
    assert writing == []
