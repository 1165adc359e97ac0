"""The contexts share nothing but events."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings

from events.catalogue import event_types

ROOT = Path(__file__).resolve().parents[2]
OURS = (*settings.CONTEXTS, "events", "sandbox_wallet")


def _relations() -> list[tuple[str, str, str]]:
    found = []
    for model in apps.get_models(include_auto_created=True):
        for field in model._meta.get_fields():
            related = getattr(field, "related_model", None)
            if related is None or related == "self" or field.auto_created:
                continue
            found.append((model._meta.app_label, related._meta.app_label, str(field)))
    return found


def test_no_relation_leads_into_another_app() -> None:
    crossing = [
        name
        for source, target, name in _relations()
        if source != target
        and (source in OURS or target in OURS)
        # People are Django's users with its groups and permissions; its admin and sessions point at them.
        and (source, target) not in {("stores", "auth"), ("admin", "stores")}
    ]
    assert crossing == []


def test_the_imports_keep_to_the_borders() -> None:
    run = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    result = subprocess.run(
        [sys.executable, "-c", run, "--no-cache"],
        cwd=ROOT, capture_output=True, text=True, check=False, env={**os.environ, "NO_COLOR": "1"},
    )  # fmt: skip
    assert result.returncode == 0, result.stdout


def test_a_kind_of_stream_belongs_to_one_context() -> None:
    """Its numbers are given out in that context's database, and copies stand in others under them."""
    owners: dict[str, set[str]] = {}
    for kind in event_types():
        owners.setdefault(kind.stream_key.partition(":")[0], set()).add(kind.source())
    assert {prefix: names for prefix, names in owners.items() if len(names) > 1} == {}


def _sources() -> list[Path]:
    folders = [ROOT / name for name in (*settings.CONTEXTS, "config", "events", "tests", "bench")]
    found = [path for folder in folders for path in folder.rglob("*.py")]
    return [path for path in found if "migrations" not in path.parts]


@pytest.mark.parametrize("name", ["utils.py", "helpers.py", "common.py", "misc.py"])
def test_no_file_is_called_after_nothing(name: str) -> None:
    assert [str(path) for path in _sources() if path.name == name] == []


def test_files_stay_short_enough_to_be_read() -> None:
    long = {str(p.relative_to(ROOT)): n for p in _sources() if (n := len(p.read_text().splitlines())) > 400}
    assert long == {}
