"""Every event and who listens to it, as Markdown: what docs/events.md is made of."""

import dataclasses
import inspect
from collections.abc import Callable, Iterator

from django.conf import settings

from events.base import DomainEvent
from events.registry import Handler, handlers_of

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
