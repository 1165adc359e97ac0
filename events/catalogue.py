"""Every event and who listens to it, as Markdown: what docs/events.md is made of."""

import dataclasses
import inspect
from collections.abc import Callable, Iterator
from itertools import groupby
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from django.conf import settings

from events.base import DomainEvent
from events.registry import Handler, handlers_of
from events.structures import Key, keys_of, structures_in

_HEADER = """# Events

Made by `python manage.py event_catalogue`; a test keeps it current. Every event also carries `store_id`.
A handler in *italics* calls the outside world: it may run more than once and passes on an idempotency key.
What stands inside a field is listed below the events of its context; a key with `?` may be missing.
"""


def event_types() -> list[type[DomainEvent]]:
    """All events of the contexts, by context, topic and version."""
    known = [kind for kind in DomainEvent.types.values() if kind.source() in settings.CONTEXTS]
    order = list(settings.CONTEXTS)
    return sorted(known, key=lambda kind: (order.index(kind.source()), kind.topic, kind.version))


def as_markdown() -> str:
    """The whole catalogue."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield _HEADER.rstrip("\n")
    for context, kinds in groupby(event_types(), key=lambda kind: kind.source()):
        yield f"\n## {context}"
        told = list(kinds)
        for kind in told:
            yield from _entry(kind)
        for structure in structures_of(told):
            yield from _structure(structure)


def _entry(kind: type[DomainEvent]) -> Iterator[str]:
    version = f" v{kind.version}" if kind.version > 1 else ""
    yield f"\n### `{kind.topic}`{version}\n"
    yield inspect.cleandoc(kind.__doc__ or "")
    yield f"\n- Stream: `{kind.stream_key}`"
    yield f"- Fields: {', '.join(_fields(kind)) or 'none'}"
    yield f"- Handlers: {', '.join(_handlers(kind)) or 'none'}"


def _fields(kind: type[DomainEvent]) -> list[str]:
    own = [field for field in dataclasses.fields(kind) if field.name != "store_id"]
    types = {field.name: kind.structures.get(field.name, field.type) for field in own}
    return [f"`{name}: {_type_name(annotation)}`" for name, annotation in types.items()]


def structures_of(kinds: list[type[DomainEvent]]) -> list[type]:
    """What the events hold inside their fields, outer ones first, each once."""
    annotations = [annotation for kind in kinds for annotation in kind.structures.values()]
    return list(dict.fromkeys(found for annotation in annotations for found in structures_in(annotation)))


def _structure(structure: type) -> Iterator[str]:
    yield f"\n#### {structure.__name__}\n"
    yield inspect.cleandoc(structure.__doc__ or "") + "\n"
    for key in keys_of(structure):
        yield f"- {_key(key)}"


def _key(key: Key) -> str:
    text = f"`{key.name}{'' if key.required else '?'}: {_type_name(key.annotation)}`"
    return f"{text}: {key.description}" if key.description else text


def _type_name(annotation: Any) -> str:
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _type_name(parts[0])
    names = ["None" if part is NoneType else _type_name(part) for part in parts]
    if origin in (Union, UnionType):
        return " | ".join(names)
    name = getattr(origin or annotation, "__name__", str(annotation))
    return f"{name}[{', '.join(names)}]" if names else name


def listeners(kind: type[DomainEvent]) -> list[Handler]:
    """The contexts' handlers of an event, by name."""
    found = [
        handler
        for handler in handlers_of(kind.topic, kind.version)
        if handler.context in settings.CONTEXTS and not handler.run.__module__.startswith("tests.")
    ]
    return sorted(found, key=lambda handler: handler.name)


def _handlers(kind: type[DomainEvent]) -> list[str]:
    return [f"*`{h.name}`*" if h.external else f"`{h.name}`" for h in listeners(kind)]


# A page may hold a part that is made from code: file below docs/ -> (what marks the part, what makes it).
_parts: dict[str, tuple[str, Callable[[], str]]] = {}


def fills_in(page: str, mark: str, make: Callable[[], str]) -> None:
    """Keeps the part of a page between `<!-- mark -->` and `<!-- /mark -->` made by `make`."""
    _parts[page] = (mark, make)


def filled_in(page: str, text: str) -> str:
    """The page's text with its part as the code has it now."""
    mark, make = _parts[page]
    before, _, rest = text.partition(f"<!-- {mark} -->\n")
    _, _, after = rest.partition(f"<!-- /{mark} -->")
    return f"{before}<!-- {mark} -->\n{make()}<!-- /{mark} -->{after}"


def pages_with_parts() -> list[str]:
    return sorted(_parts)
