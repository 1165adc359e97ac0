"""Money that stood in older tables means the same in the new ones."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connections
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from events.kernel.databases import alias_of
from events.kernel.ids import new_id
from payments.models import Credit, Payment, Refund
from payments.selectors import sums_of_bill

pytestmark = pytest.mark.django_db(transaction=True)
BEFORE = [("payments", "0002_guard_money")]


def migrate(targets: list[tuple[str, str]]) -> Any:
    executor = MigrationExecutor(connections[alias_of("payments")])
    executor.migrate(targets)
    return MigrationExecutor(connections[alias_of("payments")]).loader.project_state(targets).apps


@pytest.fixture
def old_apps() -> Iterator[Any]:
    executor = MigrationExecutor(connections[alias_of("payments")])
    latest = [key for key in executor.loader.graph.leaf_nodes() if key[0] == "payments"]
    yield migrate(BEFORE)
    migrate(latest)


def test_goodwill_of_the_whole_bill_becomes_credits_and_refused_refunds_wait(old_apps: Any) -> None:
    models = {name: old_apps.get_model("payments", name) for name in ("GatewayAccount", "Bill", "BillLine")}
    ids = {"store_id": new_id(), "tab_id": new_id()}
    account = models["GatewayAccount"].objects.create(store_id=ids["store_id"], gateway="counter")
    bill = models["Bill"].objects.create(**ids, origin_tab_id=ids["tab_id"], currency="KRW")
    for position, price in enumerate((633, 700)):
        models["BillLine"].objects.create(
            bill=bill, order_id=new_id(), order_number=1, line_id=new_id(), name="x", quantity=1,
            unit_price=price, total=price, position=position,
        )  # fmt: skip
    payment = old_apps.get_model("payments", "Payment").objects.create(
        bill=bill, account=account, **ids, gateway="counter", mode="test", amount=1333, captured=1333,
        returned=1200, currency="KRW", state="captured", captured_at=timezone.now(),
        merchant_ref="0" * 32, key_scope="x", key="x", request_hash="x", expires_at=timezone.now(),
    )  # fmt: skip
    old_refund = old_apps.get_model("payments", "Refund").objects
    steps = [("succeeded", 900, 900), ("failed", 100, 100), ("requested", 300, 0), ("failed", 300, 0)]
    for number, (state, amount, credit) in enumerate(steps):
        old_refund.create(
            payment=payment, bill=bill, store_id=ids["store_id"], amount=amount, credit=credit,
            currency="KRW", state=state, source="staff", key_scope="x", key=str(number),
        )  # fmt: skip
    leaf = MigrationExecutor(connections[alias_of("payments")]).loader.graph.leaf_nodes("payments")
    migrate(leaf)

    assert Payment.objects.get().returned == 1300
    assert list(Refund.objects.order_by("key").values_list("state", flat=True)) == [
        "succeeded",
        "failed",
        "requested",
        "resolved",
    ]
    assert list(Credit.objects.order_by("id").values_list("refund__key", "line__total", "amount")) == [
        ("0", 633, 633),
        ("0", 700, 267),
        ("1", 700, 100),
    ]
    assert sums_of_bill(bill.pk).total == 333
