"""Every event and who listens to it, as Markdown: what docs/events.md is made of."""

import dataclasses
import inspect
from collections.abc import Iterator

from django.conf import settings

from events.base import DomainEvent
from events.registry import handlers_of

_HEADER = """# Events

Made by `python manage.py event_catalogue`; a test keeps it current. Every event also carries `store_id`.
A handler in *italics* calls the outside world: it may run more than once and passes on an idempotency key.
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
    context = ""
    for kind in event_types():
        if kind.source() != context:
            context = kind.source()
            yield f"\n## {context}"
        yield from _entry(kind)


def _entry(kind: type[DomainEvent]) -> Iterator[str]:
    version = f" v{kind.version}" if kind.version > 1 else ""
    yield f"\n### `{kind.topic}`{version}\n"
    yield inspect.cleandoc(kind.__doc__ or "")
    yield f"\n- Stream: `{kind.stream_key}`"
    yield f"- Fields: {', '.join(_fields(kind)) or 'none'}"
    yield f"- Handlers: {', '.join(_handlers(kind)) or 'none'}"


def _fields(kind: type[DomainEvent]) -> list[str]:
    own = [field for field in dataclasses.fields(kind) if field.name != "store_id"]
    return [f"`{field.name}: {_type_name(field.type)}`" for field in own]


def _type_name(annotation: object) -> str:
    return (
        annotation.__name__
        if isinstance(annotation, type) and not hasattr(annotation, "__args__")
        else (
            str(annotation)
            .replace("typing.", "")
            .replace("uuid.", "")
            .replace("datetime.datetime", "datetime")
        )
    )


def _handlers(kind: type[DomainEvent]) -> list[str]:
    found = [h for h in handlers_of(kind.topic, kind.version) if h.context in settings.CONTEXTS]
    names = sorted((handler.name, handler.external) for handler in found)
    return [f"*`{name}`*" if external else f"`{name}`" for name, external in names]
