"""Payments alone has a database of its own: what a stream tells still reaches each handler in order."""

import pytest
from django.conf import LazySettings
from django.utils import timezone

from events.base import DomainEvent
from events.kernel.databases import alias_of, atomic
from events.kernel.ids import new_id
from events.models import Delivery, Event
from events.outbox import publish
from events.relay import ship
from notifications.events import AlarmEscalated
from notifications.webhooks import services
from orders.events import OrderPlaced, OrderSubmitted
from tests.databases import is_split_run
from tests.notifications.facts import Party
from tests.notifications.outside import WRITE

pytestmark = pytest.mark.django_db


def _payments_apart(settings: LazySettings, together: str, apart: str) -> None:
    homes = dict.fromkeys(settings.CONTEXT_DATABASES, together)
    settings.CONTEXT_DATABASES = {**homes, "payments": apart}


def _order() -> tuple[OrderPlaced, OrderSubmitted]:
    """The facts of an order that is eaten first: payments hears of the first one only."""
    party = Party(new_id())
    submitted = party.submit()
    placed = OrderPlaced(
        **party.at_table(),
        order_id=submitted.order_id,
        number=submitted.number,
        table_token="t",
        guest_id=new_id(),
        guest_name="Fox",
        guest_language="en",
        pay_after="eating",
        currency="KRW",
        total=6500,
        lines=[],
        placed_at=timezone.now(),
    )
    return placed, submitted


def _tell(*facts: DomainEvent) -> None:
    for fact in facts:
        with atomic(fact.source()):
            publish(fact)


def _due(stream: str, handler: str) -> list[int]:
    rows = Delivery.objects.using(alias_of("notifications")).filter(handler=handler, stream=stream)
    return list(rows.order_by("seq").values_list("seq", flat=True))


def test_facts_of_a_stream_take_one_way_though_only_one_of_them_is_heard_elsewhere(
    settings: LazySettings,
) -> None:
    _payments_apart(settings, alias_of("orders"), "elsewhere")
    placed, submitted = _order()
    _tell(placed, submitted)
    waiting = Event.objects.using(alias_of("orders")).filter(stream=placed.stream, shipped_at=None)
    assert list(waiting.order_by("seq").values_list("topic", flat=True)) == [placed.topic, submitted.topic]
    assert Delivery.objects.using(alias_of("orders")).filter(stream=placed.stream).count() == 0


def test_what_nobody_elsewhere_hears_of_has_its_deliveries_at_once(settings: LazySettings) -> None:
    _payments_apart(settings, alias_of("orders"), "elsewhere")
    alarm = AlarmEscalated(
        store_id=new_id(), notification_id=new_id(), kind="", subject_id=None, level=1, final=False
    )
    _tell(alarm)
    told = Event.objects.using(alias_of("notifications")).get(stream=alarm.stream)
    assert told.shipped_at and told.deliveries.count() == 1


@pytest.mark.skipif(not is_split_run(), reason="needs a database for payments")
def test_a_handler_of_several_facts_never_has_the_later_one_without_the_earlier_one(
    settings: LazySettings,
) -> None:
    _payments_apart(settings, "notifications", "payments")
    placed, submitted = _order()
    services.register_address(
        store_id=placed.store_id, url="https://example.com/", topics=[placed.topic, submitted.topic]
    )
    _tell(placed, submitted)
    assert _due(placed.stream, WRITE) in ([], [1, 2])
    ship("notifications")
    assert _due(placed.stream, WRITE) == [1, 2]
    assert Delivery.objects.using("payments").get(stream=placed.stream).handler == "payments.open_bill"
