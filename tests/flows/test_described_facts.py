"""What the real processes publish, the demo's stores and menus included, is what docs/asyncapi.json says."""

import json
from pathlib import Path

import jsonschema_rs

from events.base import DomainEvent
from tests.events.contracts import keys_described, keys_written
from tests.flows.clients import Board, Phone, ok
from tests.flows.truth import Truth

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "asyncapi.json"
FACTS = "SELECT DISTINCT topic, version, payload FROM events_event"


def test_facts_of_a_visit_are_as_described(phone: Phone, board: Board, truth: Truth) -> None:
    order = phone.order(phone.line(0, 2), phone.line(1))
    phone.pay(order_id=order["id"])
    phone.wait_for(order, "submitted")
    board.accept(order)
    ok(board.post(f"{board.path}lines/{order['lines'][0]['id']}/ready/"))
    truth.settle()
    facts, document = truth.rows(FACTS), json.loads(DOCUMENT.read_text(encoding="utf-8"))
    for topic, version, payload in facts:
        schema = document["components"]["messages"][f"{topic}.v{version}"]["payload"]
        jsonschema_rs.Draft202012Validator({**document, **schema}).validate(payload)
        kind = DomainEvent.types[topic, version]
        assert keys_written(kind, payload) <= keys_described(kind)
    told = {topic for topic, _version, _payload in facts}
    assert told >= {"store.changed", "table.changed", "menu.published", "order.placed", "line.ready"}
