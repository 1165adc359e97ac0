"""A proof that cannot find anything proves nothing."""

from datetime import timedelta

import pytest
from django.db.models import F

from events.kernel.databases import alias_of
from events.models import Event
from orders.events import OrderRejected
from stores.models import Store
from tests.chaos.proof import Findings, listen, too_early
from tests.chaos.tables import Tables
from tests.notifications.conftest import database_urls
from tests.notifications.facts import Party, announce


@pytest.mark.django_db(transaction=True)
def test_an_order_that_the_system_refuses_before_its_time_is_a_loss(store: Store) -> None:
    party, tables = Party(store.pk), Tables(database_urls())
    order = party.submit()
    refused = OrderRejected(
        **party.at_table(),
        order_id=order.order_id,
        number=order.number,
        reason_code="no_answer",
        reason="",
        total=order.total,
        currency=order.currency,
        actor_name="",
    )
    announce(order, refused, deliver=False)
    found = too_early(tables)
    submitted = Event.objects.using(alias_of("orders")).filter(topic="order.submitted")
    submitted.update(occurred_at=F("occurred_at") - timedelta(minutes=15))
    in_time = too_early(tables)
    tables.close()
    assert [str(order.order_id) in text for text in found] == [True]
    assert in_time == []


def test_a_number_for_another_role_is_no_loss_to_a_board() -> None:
    found, others = Findings(), {3}
    listen(found, [1, 2, 4], others)
    assert found.all == []
    listen(found, [1, 2, 5, 5], others)
    assert [len(found.lost), len(found.doubled)] == [1, 1]
