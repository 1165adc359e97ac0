"""The samples of every event version ever released, and what may not change about them.

`python -m tests.events.contracts` writes the samples that are missing; a released one is never rewritten.
Those in `published` came out of the product (`test_published.py`), with everything that structures may hold.
"""

import hashlib
import json
import typing
from collections.abc import Iterable, Iterator
from dataclasses import MISSING, fields
from datetime import UTC, datetime
from pathlib import Path
from types import UnionType
from typing import Any
from uuid import UUID, uuid5

import msgspec

from events.base import DomainEvent
from events.structures import keys_of, structures_in

SAMPLES = Path(__file__).parent / "samples"
PUBLISHED = SAMPLES / "published"
RELEASED = SAMPLES / "released.json"
_NAMESPACE = UUID("7f0e1c3a-4a51-4d5e-9a37-0d6f1a2b3c4d")

# Contents of the fields that hold free JSON, as they really look.
_LINE = {
    "id": "0197a3c2-0000-7000-8000-000000000001",
    "item_id": "0197a3c2-0000-7000-8000-000000000002",
    "name": "떡볶이",
    "i18n": {"en": {"name": "Tteokbokki"}},
    "quantity": 2,
    "unit_price": 6500,
    "total": 13000,
    "options": [{"name": "치즈", "i18n": {"en": {"name": "Cheese"}}, "price": 0}],
    "note": "안 맵게",
    "guest_id": "0197a3c2-0000-7000-8000-000000000003",
    "guest_name": "여우",
    "station": "kitchen",
    "tax_rate_bp": 1000,
}
_SPECIAL: dict[tuple[str, str], Any] = {
    ("order.placed", "lines"): [_LINE],
    ("order.submitted", "lines"): [_LINE],
    ("line.ready", "i18n"): {"en": {"name": "Tteokbokki"}},
    ("staff.changed", "people"): [
        {"user_id": "0197a3c2-0000-7000-8000-000000000004", "name": "Kim", "role": "owner", "active": True}
    ],
    ("store.changed", "snapshot"): {
        "slug": "hansang",
        "name": "한상",
        "branch": "",
        "timezone": "Asia/Seoul",
    },
    ("table.changed", "snapshot"): {
        "name": "T1",
        "zone": "",
        "seats": 4,
        "token": "abc",
        "revoked_tokens": [],
    },
    ("table.retired", "tokens"): ["abc"],
    ("menu.published", "document"): {"language": "ko", "languages": ["ko"], "sections": []},
}
_WORDS = {
    "currency": "KRW",
    "pay_after": "order",
    "guest_language": "ko",
    "table_name": "T1",
    "kind": "water",
}


def path_of(topic: str, version: int) -> Path:
    return SAMPLES / f"{topic}.v{version}.json"


def samples() -> list[Path]:
    """Every sample that is there."""
    return sorted(SAMPLES.rglob("*.v*.json"))


def name_of(path: Path) -> str:
    return path.relative_to(SAMPLES).as_posix()


def told_by(path: Path) -> tuple[str, int]:
    """(topic, version) of a sample."""
    topic, _, version = path.name.removesuffix(".json").rpartition(".v")
    return topic, int(version)


def fingerprint(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def problems_with(text: str, kind: type[DomainEvent], version: int) -> list[str]:
    """Why today's class does not stand for what was released in this sample; empty when it does."""
    try:
        event = DomainEvent.read(kind.topic, version, text)
    except (LookupError, ValueError) as error:  # msgspec's errors are ValueErrors
        return [f"cannot be read: {error}"]
    if event.version != version:
        return []  # an older version: its upcasters did their work
    now, then = json.loads(event.payload()), json.loads(text)
    gone = [f"{name} is gone" for name in then if name not in now]
    gone += [f"{name} is gone" for name in sorted(keys_written(kind, then) - keys_described(kind))]
    return gone + [
        f"{name} reads as {now[name]!r}" for name in then if name in now and now[name] != then[name]
    ]


def keys_described(kind: type[DomainEvent]) -> set[str]:
    """ "Structure.key" of all that the event may hold inside its fields."""
    inside = {found for annotation in kind.structures.values() for found in structures_in(annotation)}
    return {f"{structure.__name__}.{key.name}" for structure in inside for key in keys_of(structure)}


def keys_written(kind: type[DomainEvent], payload: dict[str, Any]) -> set[str]:
    """ "Structure.key" of all that a payload holds there, described or not."""
    inside = [(payload[name], what) for name, what in kind.structures.items() if name in payload]
    return {key for value, annotation in inside for key in _keys(value, annotation)}


def _keys(value: Any, annotation: Any) -> Iterator[str]:
    if typing.is_typeddict(annotation):
        described = {key.name: key.annotation for key in keys_of(annotation)}
        for name, inner in value.items():
            yield f"{annotation.__name__}.{name}"
            yield from _keys(inner, described.get(name))
        return
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    is_container = typing.get_origin(annotation) in (dict, list)
    for part in typing.get_args(annotation):
        for inner in parts if is_container else [value] if value is not None else []:
            yield from _keys(inner, part)


def sample_of(kind: type[DomainEvent]) -> dict[str, Any]:
    """A payload with every field filled in, the same on every run."""
    types = typing.get_type_hints(kind)
    values = {field.name: _value(kind.topic, field.name, types[field.name]) for field in fields(kind)}
    event = kind(**values)
    assert all(field.default is not MISSING or field.name in values for field in fields(kind))
    return json.loads(event.payload())


def _value(topic: str, name: str, annotation: Any) -> Any:
    if (topic, name) in _SPECIAL:
        return _SPECIAL[topic, name]
    options = typing.get_args(annotation) if isinstance(annotation, UnionType) else (annotation,)
    wanted = next(option for option in options if option is not type(None))
    if typing.get_origin(wanted) is list:
        return [_value(topic, name, typing.get_args(wanted)[0])]
    return {
        UUID: uuid5(_NAMESPACE, name),
        str: _WORDS.get(name, name.replace("_", " ")),
        int: 7,
        bool: True,
        float: 2.5,
        datetime: datetime(2026, 11, 22, 12, 0, tzinfo=UTC),
    }[wanted]


def write_missing() -> list[str]:
    """Writes the samples that are not there yet and notes them as released."""
    from events.catalogue import event_types

    return _write(
        (path, sample_of(kind))
        for kind in event_types()
        if not (path := path_of(kind.topic, kind.version)).exists()
    )


def keep_published(events: Iterable[DomainEvent]) -> list[str]:
    """Writes the samples in `published` that are not there yet."""
    newest = {PUBLISHED / path_of(event.topic, event.version).name: event for event in events}
    PUBLISHED.mkdir(exist_ok=True)
    return _write((path, json.loads(event.payload())) for path, event in newest.items() if not path.exists())


def _write(payloads: Iterable[tuple[Path, Any]]) -> list[str]:
    noted = json.loads(RELEASED.read_text())
    made = []
    for path, payload in payloads:
        text = msgspec.json.format(msgspec.json.encode(payload), indent=1).decode()
        path.write_text(text + "\n", encoding="utf-8")
        noted[name_of(path)] = fingerprint(path)
        made.append(name_of(path))
    RELEASED.write_text(json.dumps(dict(sorted(noted.items())), indent=1) + "\n")
    return made


if __name__ == "__main__":
    import os

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    import django

    django.setup()
    for name in write_missing():
        print(name)
