"""The timers as Celery calls them."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from orders.models import Order, OrderStatus
from orders.tasks import expire_unpaid_orders
from tests.orders.conftest import Phone, Restaurant
from tests.queue import published

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(("clock", "is_over"), [(HOUR, False), (-HOUR, True)])
def test_an_order_expires_by_the_databases_clock_whatever_the_workers_says(
    pay_first: Restaurant, clock: timedelta, is_over: bool
) -> None:
    phone = Phone(pay_first)
    phone.join()
    phone.order()
    if is_over:
        Order.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    with time_machine.travel(timezone.now() + clock, tick=True):
        assert expire_unpaid_orders() == is_over
    assert Order.objects.get().status == (OrderStatus.EXPIRED if is_over else OrderStatus.AWAITING_PAYMENT)
    assert len(published("order.expired")) == is_over
