"""JSON inside events: described by TypedDicts in `<context>/events.py`, kept as it came when a fact is read.

msgspec would check a TypedDict at no cost that counts, but it drops every key that the class does not name: a
program of the last release would strip what a newer one adds from the copies it keeps, for as long as their
owner changes nothing. And a fact with one value of a new kind would be lost for handlers that never look at
it. So readers get plain JSON; the types are for who publishes (mypy), for the documents and for tests.
"""

from collections.abc import Iterator
from functools import reduce
from operator import or_
from types import UnionType
from typing import Annotated, Any, NamedTuple, NotRequired, Required, get_args, get_origin, is_typeddict

from msgspec import Meta

Id = Annotated[str, Meta(extra_json_schema={"format": "uuid"})]
Money = Annotated[int, Meta(description="minor units of the currency")]
BasisPoints = Annotated[int, Meta(description="VAT included in the price; 1000 is 10 %")]


class Key(NamedTuple):
    """A key of a described structure."""

    name: str
    annotation: Any
    required: bool
    description: str


def is_described(annotation: Any) -> bool:
    return next(structures_in(annotation), None) is not None


def structures_in(annotation: Any) -> Iterator[type]:
    """The TypedDicts that a field's type is made of, outer ones first; some may come twice."""
    if is_typeddict(annotation):
        yield annotation
        for key in keys_of(annotation):
            yield from structures_in(key.annotation)
    for part in get_args(annotation):
        yield from structures_in(part)


def keys_of(structure: Any) -> list[Key]:
    """Its keys, in the order they were written."""
    return [
        _key(name, annotation, name in structure.__required_keys__)
        for name, annotation in structure.__annotations__.items()
    ]


def _key(name: str, annotation: Any, required: bool) -> Key:
    if get_origin(annotation) in (Required, NotRequired):
        [annotation] = get_args(annotation)
    notes = [note for note in get_args(annotation) if isinstance(note, Meta)]
    said = [note.description for note in notes if note.description]
    return Key(name, annotation, required, said[-1] if said else "")


def as_plain_json(annotation: Any) -> Any:
    """The same type with any JSON object where a TypedDict stands."""
    if is_typeddict(annotation):
        return dict[str, Any]
    parts = tuple(as_plain_json(part) for part in get_args(annotation))
    if parts == get_args(annotation):
        return annotation
    origin: Any = get_origin(annotation)
    return reduce(or_, parts) if origin is UnionType else origin[parts]
