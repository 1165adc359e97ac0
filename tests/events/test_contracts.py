"""What was published once stays readable: samples of every version, upcasters, the documents."""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, NotRequired, TypedDict
from uuid import uuid4

import jsonschema_rs
import pytest
from django.test import Client

from events import registry
from events.base import DomainEvent, Envelope, UnknownEvent
from events.catalogue import event_types
from events.kernel.databases import alias_of, atomic
from events.models import Event
from events.outbox import publish
from events.registry import handlers_of, subscribe
from notifications.webhooks.public import PUBLIC_FIELDS, public_data
from tests.events.contracts import (
    RELEASED,
    fingerprint,
    name_of,
    path_of,
    problems_with,
    samples,
    told_by,
)
from tests.queue import deliver_all, published

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def _forget_test_events() -> Iterator[None]:
    """Events and handlers that a test defines end with it."""
    known: tuple[dict[Any, Any], ...] = (DomainEvent.types, registry._by_name, registry._by_topic)
    before = [dict(entries) for entries in known]
    yield
    for entries, old in zip(known, before, strict=True):
        entries.clear()
        entries.update(old)


# --- Samples --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", event_types(), ids=lambda kind: f"{kind.topic}.v{kind.version}")
def test_every_version_of_every_event_has_a_sample(kind: type[DomainEvent]) -> None:
    assert path_of(kind.topic, kind.version).exists(), "run: python -m tests.events.contracts"


@pytest.mark.parametrize("path", samples(), ids=name_of)
def test_everything_ever_released_can_be_read_today(path: Path) -> None:
    topic, version = told_by(path)
    kind = DomainEvent.reader_of(topic, version)
    problems = problems_with(path.read_text(encoding="utf-8"), kind, version)
    assert not problems, f"{problems}: raise the version, keep the sample, write an upcaster"


def test_released_samples_are_never_rewritten_or_removed() -> None:
    noted = json.loads(RELEASED.read_text())
    there = {name_of(path): fingerprint(path) for path in samples()}
    assert there == noted, "a released sample is history: make a new version instead"


@dataclass(frozen=True, kw_only=True)
class Base(DomainEvent):
    stream_key = "pot:{store_id}"


STORED = '{"store_id":"0197a3c2-0000-7000-8000-000000000001","minutes":5,"name":"Tea"}'


def variant(annotations: dict[str, Any], **values: Any) -> type[DomainEvent]:
    """The event `pot.boiled` as a later release might have it."""
    DomainEvent.types.pop(("pot.boiled", values.get("version", 1)), None)
    body = {"__annotations__": annotations, "topic": "pot.boiled", "__module__": __name__, **values}
    return dataclass(frozen=True, kw_only=True)(type("PotBoiled", (Base,), body))


@pytest.mark.parametrize(
    ("annotations", "values", "problem"),
    [
        ({"minutes": int, "name": str}, {}, None),
        ({"minutes": int, "name": str, "cups": int}, {"cups": 1}, None),
        ({"minutes": int, "name": str, "cups": int}, {}, "cannot be read"),
        ({"minutes": int}, {}, "name is gone"),
        ({"minutes": int, "title": str}, {"title": ""}, "name is gone"),
        ({"minutes": str, "name": str}, {}, "cannot be read"),
        ({"minutes": float, "name": str}, {}, None),
        ({"minutes": bool, "name": str}, {}, "cannot be read"),
    ],
)
def test_the_guard_tells_a_compatible_change_from_a_breaking_one(
    annotations: dict[str, Any], values: dict[str, Any], problem: str | None
) -> None:
    problems = problems_with(STORED, variant(annotations, **values), 1)
    assert not problems if problem is None else problem in problems[0]


class Leaf(TypedDict):
    """A tea."""

    kind: str
    grams: NotRequired[int]


class Spoon(TypedDict):
    """Leaves, as a later release might describe them."""

    kind: str


BREWED = STORED.removesuffix("}") + ',"leaves":[{"kind":"green","grams":3}]}'


@pytest.mark.parametrize(
    ("leaves", "problems"),
    [(list[Leaf], []), (list[Leaf] | None, []), (list[Spoon], ["Spoon.grams is gone"])],
)
def test_the_guard_looks_inside_structures(leaves: Any, problems: list[str]) -> None:
    kind = variant({"minutes": int, "name": str, "leaves": leaves})
    assert problems_with(BREWED, kind, 1) == problems


def test_what_a_newer_release_writes_into_a_structure_is_kept() -> None:
    """Copies are made of it: what was dropped would be missing in them when the reader is updated, too."""
    kind = variant({"minutes": int, "name": str, "leaves": list[Spoon]})
    event = DomainEvent.read("pot.boiled", 1, BREWED)
    assert vars(event)["leaves"] == [{"kind": "green", "grams": 3}]
    assert json.loads(event.payload()) == json.loads(BREWED)
    assert vars(kind.from_payload(json.loads(BREWED)))["leaves"] == [{"kind": "green", "grams": 3}]


# --- Versions -------------------------------------------------------------------------------------------


def minutes_to_seconds(data: dict[str, Any]) -> dict[str, Any]:
    return {"store_id": data["store_id"], "seconds": data["minutes"] * 60, "name": data["name"]}


def name_to_drink(data: dict[str, Any]) -> dict[str, Any]:
    return {"store_id": data["store_id"], "seconds": data["seconds"], "drink": data["name"]}


def second_version() -> type[DomainEvent]:
    fields = {"seconds": int, "name": str}
    return variant(fields, version=2, upcasters={1: minutes_to_seconds})


def test_an_old_fact_is_read_by_the_new_class() -> None:
    kind = second_version()
    event = DomainEvent.read("pot.boiled", 1, STORED)
    assert isinstance(event, kind) and vars(event)["seconds"] == 300


def test_upcasters_form_a_chain() -> None:
    kind = variant(
        {"seconds": int, "drink": str}, version=3, upcasters={1: minutes_to_seconds, 2: name_to_drink}
    )
    event = DomainEvent.read("pot.boiled", 1, STORED)
    assert isinstance(event, kind) and (vars(event)["seconds"], vars(event)["drink"]) == (300, "Tea")


def test_a_fact_of_the_future_or_without_upcaster_is_not_guessed_at() -> None:
    variant({"seconds": int, "name": str}, version=2)
    for version in (1, 3):
        with pytest.raises(UnknownEvent):
            DomainEvent.read("pot.boiled", version, STORED)
        assert handlers_of("pot.boiled", version) == []


@pytest.mark.django_db
def test_handlers_of_the_new_version_are_given_facts_of_the_old_one() -> None:
    """An event published before a deployment is delivered after it."""
    heard: list[Any] = []
    old: Any = variant({"minutes": int, "name": str})

    def listen(event: Any, envelope: Envelope) -> None:
        heard.append(event)

    subscribe(old, name="orders.test_pot")(listen)
    with atomic("tests"):
        publish(old(store_id=uuid4(), minutes=5, name="Tea"))
    # The deployment: version 1's class and its handler are gone.
    DomainEvent.types.pop(("pot.boiled", 1))
    registry._by_name.pop("orders.test_pot")
    registry._by_topic.pop("pot.boiled")
    subscribe(second_version(), name="orders.test_pot")(listen)
    deliver_all()
    assert [(event.version, event.seconds) for event in heard] == [(2, 300)]
    assert [handler.name for handler in handlers_of("pot.boiled", 1)] == ["orders.test_pot"]


# --- Documents ------------------------------------------------------------------------------------------


def test_the_document_is_valid_asyncapi_3() -> None:
    schema = json.loads((Path(__file__).parent / "schemas" / "asyncapi-3.0.0.json").read_text())
    document = json.loads((ROOT / "docs" / "asyncapi.json").read_text(encoding="utf-8"))
    assert document["asyncapi"] == "3.0.0"
    errors = [
        f"{e.instance_path}: {e.message}" for e in jsonschema_rs.Draft7Validator(schema).iter_errors(document)
    ]
    assert not errors


def references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for value in part.values():
            yield from references(value)
    elif isinstance(part, list):
        for value in part:
            yield from references(value)


def test_every_reference_in_the_document_leads_somewhere() -> None:
    document = json.loads((ROOT / "docs" / "asyncapi.json").read_text(encoding="utf-8"))
    for reference in set(references(document)):
        part = document
        for step in reference.removeprefix("#/").split("/"):
            part = part[step]


@pytest.mark.parametrize("path", samples(), ids=name_of)
def test_the_sample_fits_the_json_schema_of_its_event(path: Path) -> None:
    topic, version = told_by(path)
    document = json.loads((ROOT / "docs" / "asyncapi.json").read_text(encoding="utf-8"))
    if message := document["components"]["messages"].get(f"{topic}.v{version}"):
        schema = {**document, **message["payload"]}
        jsonschema_rs.Draft202012Validator(schema).validate(json.loads(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    "path", [path for path in samples() if told_by(path)[0] in PUBLIC_FIELDS], ids=name_of
)
def test_what_leaves_of_the_sample_fits_the_json_schema_of_its_webhook(path: Path) -> None:
    topic, version = told_by(path)
    document = json.loads((ROOT / "docs" / "asyncapi.json").read_text(encoding="utf-8"))
    promised = document["components"]["messages"][f"webhook.{topic}"]["payload"]["properties"]
    if promised["version"]["const"] == version:
        data = public_data(topic, json.loads(path.read_text(encoding="utf-8")))
        jsonschema_rs.Draft202012Validator({**document, **promised["data"]}).validate(data)


def test_the_document_is_served_to_everybody(client: Client) -> None:
    answer = client.get("/api/v1/asyncapi.json")
    assert answer.status_code == 200
    served, committed = (
        answer.json(),
        json.loads((ROOT / "docs" / "asyncapi.json").read_text(encoding="utf-8")),
    )
    assert served["channels"].keys() == committed["channels"].keys()
    assert client.post("/api/v1/asyncapi.json").status_code == 405


# --- The docs page --------------------------------------------------------------------------------------


def blocks_of(page: str) -> list[tuple[str, str]]:
    """(file named in the first line, code) of the page's Python blocks."""
    parts = (ROOT / "docs" / page).read_text(encoding="utf-8").split("```python\n")[1:]
    codes = [part.partition("```")[0] for part in parts]
    return [(code.partition("\n")[0].removeprefix("# "), code) for code in codes]


@pytest.mark.django_db
def test_an_event_and_a_handler_are_added_as_the_docs_say(monkeypatch: pytest.MonkeyPatch) -> None:
    import notifications.handlers
    import orders.events
    import orders.services

    (event_file, event_code), (handler_file, handler_code), (use_file, use_code) = blocks_of(
        "add-an-event.md"
    )[:3]
    assert (event_file, handler_file) == ("orders/events.py", "notifications/handlers.py")
    assert use_file.startswith("orders/services")
    assert len([line for line in (event_code + handler_code).splitlines() if line.strip()]) <= 16
    here = ModuleType("tests.events.added")
    monkeypatch.setitem(sys.modules, here.__name__, here)
    for code, around in ((event_code, orders.events), (handler_code, notifications.handlers)):
        names = {name: value for name, value in vars(around).items() if not name.startswith("__")}
        vars(here).update({**names, **vars(here)})
        exec(compile(code, "docs/add-an-event.md", "exec"), vars(here))
    store_id, table_id = uuid4(), uuid4()
    given = {"store_id": store_id, "table_id": table_id, "table_name": "T1", "atomic": atomic}
    vars(here).update(given, publish=publish)
    source = alias_of("tests")
    exec(
        compile(use_code.replace('atomic("orders")', 'atomic("tests")'), "docs/add-an-event.md", "exec"),
        vars(here),
    )
    assert Event.objects.using(source).filter(topic="table.cleaned", store_id=store_id).count() == 1
    deliver_all()
    from notifications.models import Notification

    assert Notification.objects.get(store_id=store_id).data == {"table_name": "T1"}
    assert len(published("table.cleaned")) == 1
