"""What outside subscribers are promised: the public events in AsyncAPI and in docs/webhooks.md."""

from typing import Any

from events.asyncapi import adds_to_asyncapi, schemas_of
from events.catalogue import fills_in
from notifications.webhooks.public import LINE_FIELDS, PUBLIC_FIELDS, TEST_TOPIC, public_events

_TIME = {"type": "string", "format": "date-time"}
_UUID = {"type": "string", "format": "uuid"}
_HEADERS = {
    "type": "object",
    "required": ["webhook-id", "webhook-timestamp", "webhook-signature"],
    "properties": {
        "webhook-id": {"type": "string", "description": "The same for every attempt."},
        "webhook-timestamp": {"type": "string", "description": "Seconds since 1970, of this attempt."},
        "webhook-signature": {"type": "string", "description": "Standard Webhooks: v1,<base64> …"},
    },
}


@adds_to_asyncapi
def webhooks_channel() -> dict[str, Any]:
    """One channel: the address that an owner registered."""
    known = schemas_of(public_events())
    schemas = {kind.topic: _data_schema(kind.topic, known[kind.__name__]) for kind in public_events()}
    schemas[TEST_TOPIC] = {"type": "object", "properties": {"store_id": _UUID}, "required": ["store_id"]}
    versions = {kind.topic: kind.version for kind in public_events()}
    messages = {
        f"webhook.{topic}": _message(topic, versions.get(topic, 1), data) for topic, data in schemas.items()
    }
    refs = {name: {"$ref": f"#/components/messages/{name}"} for name in messages}
    return {
        "channels": {
            "webhooks": {
                "address": None,
                "title": "Outgoing webhooks",
                "description": "POST to an address that a store's owner registered; see docs/webhooks.md.",
                "messages": refs,
            }
        },
        "operations": {"webhooks": {"action": "send", "channel": {"$ref": "#/channels/webhooks"}}},
        "components": {"messages": messages, "schemas": _structures(known)},
    }


def _structures(known: dict[str, Any]) -> dict[str, Any]:
    """Lines of an order leave with fewer keys; the rest is as inside."""
    line = known["SoldLine"]
    properties = {name: line["properties"][name] for name in LINE_FIELDS}
    required = [name for name in LINE_FIELDS if name in line["required"]]
    public_line = {"type": "object", "properties": properties, "required": required}
    return {"WebhookHeaders": _HEADERS, "WebhookLine": public_line}


def _data_schema(topic: str, whole: dict[str, Any]) -> dict[str, Any]:
    fields = PUBLIC_FIELDS[topic]
    properties = {name: whole["properties"][name] for name in fields}
    if "lines" in properties:
        properties["lines"] = {"type": "array", "items": {"$ref": "#/components/schemas/WebhookLine"}}
    required = [name for name in fields if name in whole["required"]]
    return {"type": "object", "properties": properties, "required": required}


def _message(topic: str, version: int, data: dict[str, Any]) -> dict[str, Any]:
    body = {
        "type": {"const": topic},
        "version": {"const": version},
        "id": _UUID,
        "timestamp": _TIME,
        "data": data,
    }
    return {
        "name": topic,
        "headers": {"$ref": "#/components/schemas/WebhookHeaders"},
        "payload": {"type": "object", "properties": body, "required": list(body)},
    }


def table_of_events() -> str:
    """The public events and their fields, as Markdown."""
    kinds = {kind.topic: kind for kind in public_events()}
    rows = ["| `type` | When | Fields of `data` |", "|---|---|---|"]
    for topic, fields in PUBLIC_FIELDS.items():
        when = " ".join((kinds[topic].__doc__ or "").partition("\n\n")[0].split())
        rows.append(f"| `{topic}` | {when} | {', '.join(f'`{name}`' for name in fields)} |")
    return "\n".join(rows) + "\n"


fills_in("webhooks.md", "public events", table_of_events)
