"""Whatever a person can read speaks Korean, Simplified Chinese and Japanese too."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po
from django.conf import settings

ROOT = Path(__file__).resolve().parents[2]
LOCALES = ("ko", "zh_Hans", "ja")
# %(name)s, %s and {name}; `%%` is a percent sign.
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|(?<!%)%[sd]|\{\w*\}")


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """Every text that the code and the templates hold today, extracted in a copy of the sources."""
    if not shutil.which("xgettext"):
        reason = "THE TRANSLATIONS WERE NOT CHECKED: no xgettext found (install the package `gettext`)"
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)
    copy = tmp_path_factory.mktemp("texts") / "copy"
    ignored = shutil.ignore_patterns("__pycache__", "static", "*.mo")
    for name in ("config", "events", "locale", *settings.CONTEXTS):
        shutil.copytree(ROOT / name, copy / name, ignore=ignored)
    shutil.copy(ROOT / "manage.py", copy)
    command = [sys.executable, "manage.py", "makemessages", "--locale", LOCALES[0], "--keep-pot"]
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings"}
    result = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    template = copy / "locale" / "django.pot"
    # The head of a template is a form to fill in, which no reader of catalogs understands.
    template.write_text(template.read_text().replace("nplurals=INTEGER; plural=EXPRESSION", "nplurals=2"))
    return _read(template)


@pytest.fixture(scope="module", params=LOCALES)
def catalog(request: pytest.FixtureRequest) -> Catalog:
    return _read(ROOT / "locale" / request.param / "LC_MESSAGES" / "django.po")


def _read(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file)


def _forms(text: Any) -> tuple[str, ...]:
    """One text, or its singular and plural."""
    return (text,) if isinstance(text, str) else tuple(text)


def _is_translated(message: Message | None) -> bool:
    return message is not None and not message.fuzzy and all(_forms(message.string))


def _placeholders(text: str) -> list[str]:
    return sorted(set(PLACEHOLDER.findall(text)))


def test_every_text_is_translated(texts: Catalog, catalog: Catalog) -> None:
    wanted = [message for message in texts if message.id]
    assert len(wanted) > 500
    missing = [
        _forms(message.id)[0]
        for message in wanted
        if not _is_translated(catalog.get(_forms(message.id)[0], message.context))
    ]
    assert not missing, "\n".join([f"{len(missing)} of {len(wanted)} are missing:", *missing])


def test_no_translation_is_doubtful(catalog: Catalog) -> None:
    assert [message.id for message in catalog if message.id and message.fuzzy] == []


def test_a_translation_keeps_its_placeholders(catalog: Catalog) -> None:
    different = [
        (message.id, form)
        for message in catalog
        if message.id and all(_forms(message.string))
        for form in _forms(message.string)
        # A single one may be said without its number: the plural is the measure.
        if _placeholders(form) != _placeholders(_forms(message.id)[-1])
    ]
    assert different == []
