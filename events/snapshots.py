"""Copies that contexts keep of each other's state: comparing them with the owner's, rebuilding them.

An owner's `snapshots.py` registers a source: it tells its present state as the very events it would publish.
A context that keeps a copy registers a keeper: how its rows follow from those events and how it saves them.
Nobody reads another's tables; where a source lives is its own business, so databases may be apart (ADR 0013).
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connections
from django.db.models import Model
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from events.base import DomainEvent
from events.kernel.databases import alias_of, atomic

Text = str | Promise
FIELDS_SHOWN = 12


class Statement(NamedTuple):
    """What an owner says of one store. `position`: the number in the stream at which all of it is true."""

    facts: list[DomainEvent]
    position: int | None = None


@dataclass(frozen=True)
class Source:
    """An owner's present state."""

    name: str
    stores: Callable[[], Iterable[UUID]]
    tell: Callable[[UUID], Statement]


@dataclass(frozen=True)
class Row:
    """One copied row in a form that both sides can be compared in; `version` None has none of its own."""

    key: str
    name: str
    version: int | None
    data: Any


class Repair(NamedTuple):
    """Under which condition a told fact may overwrite: nothing newer than `over` is known by then."""

    over: int | None
    position: int | None


@dataclass(frozen=True)
class Keeper:
    """A context's copy of what a source owns; both names begin with their context's.

    `save(event, repair)` writes the fact like the handler does, also over an equal version; `forget(store_id,
    row, repair)` removes what the owner does not have.
    """

    name: str
    title: Text
    purpose: Text
    source: str
    held: Callable[[UUID], Iterable[Row]]
    rows_of: Callable[[Any], Iterable[Row]]
    save: Callable[[Any, Repair], None]
    forget: Callable[[UUID, Row, Repair], None] | None = None

    @property
    def context(self) -> str:
        return self.name.partition(".")[0]

    @property
    def source_context(self) -> str:
        return self.source.partition(".")[0]


class Difference(NamedTuple):
    """`kind`: "missing", "extra", "older", "newer" or "differs"; `fields`: [(path, ours, the owner's)]."""

    key: str
    name: str
    kind: str
    ours: int | None
    owners: int | None
    fields: list[tuple[str, str, str]]

    def as_json(self) -> dict[str, Any]:
        return {**self._asdict(), "fields": [list(field) for field in self.fields]}


class Comparison(NamedTuple):
    """One store's copy against its owner."""

    held: int
    told: int
    behind: int
    differences: list[Difference]


_sources: dict[str, Source] = {}
_keepers: dict[str, Keeper] = {}


def source(told: Source) -> None:
    """Registers an owner's state."""
    _sources[told.name] = told


def keeper(copy: Keeper) -> None:
    """Registers a copy."""
    _keepers[copy.name] = copy


def store_settings_keeper(
    name: str, title: Text, purpose: Text, rows: type[Model], save: Callable[..., object]
) -> None:
    """Registers a copy of a store's settings: `rows` has them as `data` beside their `version_number`.

    `save(store_id=, version_number=, snapshot=, over=)` is the service that the handler calls, too.
    """

    def held(store_id: UUID) -> list[Row]:
        found: Iterable[Any] = rows._default_manager.filter(pk=store_id)
        return [Row(str(row.pk), row.data.get("name", ""), row.version_number, row.data) for row in found]

    def rows_of(event: Any) -> list[Row]:
        data = plain(event)["snapshot"]
        return [Row(str(event.store_id), data["name"], event.version_number, data)]

    def write(event: Any, repair: Repair) -> None:
        save(
            store_id=event.store_id,
            version_number=event.version_number,
            snapshot=plain(event)["snapshot"],
            over=repair.over,
        )

    keeper(Keeper(name, title, purpose, "stores.store", held, rows_of, write))


def all_keepers() -> list[Keeper]:
    return sorted(_keepers.values(), key=lambda row: row.name)


def keeper_named(name: str) -> Keeper | None:
    return _keepers.get(name)


def stores_of(copy: Keeper) -> list[UUID]:
    """Every store that the copy's owner knows."""
    return sorted(_sources[copy.source].stores())


def position_of(context: str, stream: str) -> int:
    """The last number of a stream, which stays the last one until the open transaction ends."""
    with connections[alias_of(context)].cursor() as cursor:
        cursor.execute("SELECT last_seq FROM events_stream WHERE name = %s FOR SHARE", [stream])
        row = cursor.fetchone()
    return int(row[0]) if row else 0


# --- Comparing -------------------------------------------------------------------------------------------


def compare(copy: Keeper, store_id: UUID) -> Comparison:
    """Our rows of one store against what the owner says now. Changes nothing."""
    return _Sight(copy, store_id).comparison()


def rebuild(copy: Keeper, store_id: UUID) -> Comparison:
    """Saves what differs as the owner tells it and forgets what it does not have; what it found before."""
    with atomic(copy.context):
        sight = _Sight(copy, store_id)
        sight.repair()
    return sight.comparison()


class _Sight:
    """One look at both sides. Ours first: what is newer with us then really is."""

    def __init__(self, copy: Keeper, store_id: UUID) -> None:
        self.copy, self.store_id = copy, store_id
        self.ours = {row.key: row for row in copy.held(store_id)}
        self.statement = _sources[copy.source].tell(store_id)
        self.by_fact = [(fact, list(copy.rows_of(fact))) for fact in self.statement.facts]
        self.owners = {row.key: row for _fact, rows in self.by_fact for row in rows}

    def comparison(self) -> Comparison:
        differences = list(self._differences())
        behind = sum(_lag(found) for found in differences)
        return Comparison(len(self.ours), len(self.owners), behind, differences)

    def repair(self) -> None:
        wrong = {found.key: found for found in self._differences()}
        for fact, rows in self.by_fact:
            mine = [wrong[row.key] for row in rows if row.key in wrong]
            if mine:
                known = [found.ours for found in mine if found.ours is not None]
                told = [row.version for row in rows if row.version is not None]
                over = max([*known, *told], default=None)
                self.copy.save(fact, Repair(over, self.statement.position))
        if self.copy.forget:
            for key, found in wrong.items():
                if found.kind == "extra":
                    gone = Repair(found.ours, self.statement.position)
                    self.copy.forget(self.store_id, self.ours[key], gone)

    def _differences(self) -> Iterator[Difference]:
        for key, row in self.owners.items():
            mine = self.ours.get(key)
            if mine is None:
                yield Difference(key, row.name, "missing", None, row.version, [])
            elif mine.data != row.data:
                kind = _kind(mine.version, row.version)
                fields = list(_fields(mine.data, row.data))[:FIELDS_SHOWN]
                yield Difference(key, row.name, kind, mine.version, row.version, fields)
            elif _kind(mine.version, row.version) == "newer":  # it would ignore what the owner tells next
                yield Difference(key, row.name, "newer", mine.version, row.version, [])
        if self.copy.forget:
            for key in self.ours.keys() - self.owners.keys():
                row = self.ours[key]
                yield Difference(key, row.name, "extra", row.version, None, [])


def _kind(ours: int | None, owners: int | None) -> str:
    if ours is None or owners is None or ours == owners:
        return "differs"
    return "older" if ours < owners else "newer"


def _lag(found: Difference) -> int:
    if found.kind == "older" and found.ours is not None and found.owners is not None:
        return found.owners - found.ours
    return 1 if found.kind == "missing" else 0


def _fields(ours: Any, owners: Any, path: str = "") -> Iterator[tuple[str, str, str]]:
    """Where two documents differ, as ("sections[2].name", ours, the owner's)."""
    if isinstance(ours, dict) and isinstance(owners, dict):
        for key in sorted(ours.keys() | owners.keys()):
            below = f"{path}.{key}" if path else str(key)
            yield from _fields(ours.get(key), owners.get(key), below)
    elif isinstance(ours, list) and isinstance(owners, list) and len(ours) == len(owners):
        for index, pair in enumerate(zip(ours, owners, strict=True)):
            yield from _fields(*pair, f"{path}[{index}]")
    elif ours != owners:
        yield path, _short(ours), _short(owners)


def _short(value: Any) -> str:
    if isinstance(value, list) and len(value) > 3:
        return _("%(n)s entries") % {"n": len(value)}
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else f"{text[:79]}…"


def plain(event: DomainEvent) -> Any:
    """The event's payload as parsed JSON: what a copy of it must be equal to."""
    return json.loads(event.payload())
