"""The catalogue of events is complete and true."""

import json
from pathlib import Path

import pytest

from events.asyncapi import as_asyncapi
from events.base import DomainEvent
from events.catalogue import as_markdown, event_types, filled_in, pages_with_parts

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("kind", event_types(), ids=lambda kind: kind.topic)
def test_every_event_says_when_it_happens(kind: type[DomainEvent]) -> None:
    assert kind.__doc__ and not kind.__doc__.startswith(f"{kind.__name__}("), "no docstring"
    assert kind.stream_key
    noun, _, verb = kind.topic.partition(".")
    assert noun and verb, "a topic is <noun>.<verb in the past tense>"


def test_the_catalogue_is_current() -> None:
    current = (ROOT / "docs" / "events.md").read_text(encoding="utf-8")
    # Who listens to what is part of it: a new subscription is a change that a reviewer sees.
    assert current == as_markdown(), "run: python manage.py event_catalogue"


def test_the_asyncapi_document_is_current() -> None:
    current = json.loads((ROOT / "docs" / "asyncapi.json").read_text(encoding="utf-8"))
    assert current == json.loads(json.dumps(as_asyncapi())), "run: python manage.py event_catalogue"


@pytest.mark.parametrize("page", pages_with_parts())
def test_tables_of_events_in_other_pages_are_current(page: str) -> None:
    current = (ROOT / "docs" / page).read_text(encoding="utf-8")
    assert current == filled_in(page, current), "run: python manage.py event_catalogue"
