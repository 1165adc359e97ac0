"""The events as an AsyncAPI 3 document: who publishes what, in which shape, and who listens."""

import inspect
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from events.base import DomainEvent
from events.catalogue import event_types, listeners

Document = dict[str, Any]
_REF = "#/components/schemas/{name}"
_INFO = {
    "title": "Hansang events",
    "version": "1",
    "description": (
        "What happens in a restaurant, as facts in the past tense. Inside, the events of a stream reach each "
        "handler in order and their effects happen once. The public part leaves the house as signed "
        "webhooks: channel `webhooks`."
    ),
    "license": {"name": "Apache-2.0"},
}
# A context may add channels, operations and components of its own, such as what it sends outside.
_additions: list[Callable[[], Document]] = []


def adds_to_asyncapi(addition: Callable[[], Document]) -> Callable[[], Document]:
    """Registers a function whose document is laid over this one, section by section."""
    _additions.append(addition)
    return addition


def as_asyncapi() -> Document:
    """The whole document, ready for JSON."""
    kinds = event_types()
    document: Document = {
        "asyncapi": "3.0.0",
        "info": dict(_INFO),
        "defaultContentType": "application/json",
        "channels": _channels(kinds),
        "operations": _operations(kinds),
        "components": {
            "messages": {message_name(kind): _message(kind) for kind in kinds},
            "schemas": schemas_of(kinds),
        },
    }
    for addition in _additions:
        _lay_over(document, addition())
    return document


def message_name(kind: type[DomainEvent]) -> str:
    return f"{kind.topic}.v{kind.version}"


def schemas_of(kinds: Iterable[type[DomainEvent]]) -> dict[str, Document]:
    """class name -> JSON Schema, of the events' payloads and of every structure inside them."""
    events = list(kinds)
    inside = [(kind, *described) for kind in events for described in kind.structures.items()]
    types = [*events, *(annotation for _kind, _field, annotation in inside)]
    refs, schemas = msgspec.json.schema_components(types, ref_template=_REF)
    for (kind, field, _annotation), ref in zip(inside, refs[len(events) :], strict=True):
        properties = schemas[kind.__name__]["properties"]
        default = {name: value for name, value in properties[field].items() if name == "default"}
        properties[field] = {**ref, **default}
    return schemas


def _message(kind: type[DomainEvent]) -> Document:
    text = inspect.cleandoc(kind.__doc__ or "")
    summary, _, rest = text.partition("\n\n")
    message: Document = {"name": kind.topic, "title": kind.__name__, "summary": " ".join(summary.split())}
    if rest:
        message["description"] = rest
    payload = {"$ref": _REF.format(name=kind.__name__)}
    return {**message, "payload": payload, "x-version": kind.version, "x-stream": kind.stream_key}


def _channels(kinds: list[type[DomainEvent]]) -> Document:
    channels: Document = {}
    for kind in kinds:
        channel = channels.setdefault(kind.topic, {"address": kind.topic, "messages": {}})
        channel["messages"][f"v{kind.version}"] = {"$ref": f"#/components/messages/{message_name(kind)}"}
    return channels


def _operations(kinds: list[type[DomainEvent]]) -> Document:
    operations: Document = {}
    for kind in kinds:
        about = {
            "channel": {"$ref": f"#/channels/{kind.topic}"},
            "messages": [{"$ref": f"#/channels/{kind.topic}/messages/v{kind.version}"}],
        }
        operations[f"{kind.source()}.publishes.{message_name(kind)}"] = {"action": "send", **about}
        for handler in listeners(kind):
            name = f"{handler.name}.hears.{message_name(kind)}"
            said = inspect.cleandoc(handler.run.__doc__ or "").partition("\n\n")[0]
            operations[name] = {"action": "receive", **about, **({"summary": said} if said else {})}
    return operations


def _lay_over(document: Document, addition: Document) -> None:
    for name, value in addition.items():
        if isinstance(value, dict):
            _lay_over(document.setdefault(name, {}), value)
        else:
            document[name] = value
