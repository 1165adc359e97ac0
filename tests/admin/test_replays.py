"""An owner may replay any finished step, alone and at any time: what is stored does not change."""

from typing import Any

import pytest
from django.apps import apps

from events import operations
from events.kernel.ids import new_id
from events.models import Delivery, DeliveryStatus
from orders.models import Order, OrderLine, Tab
from payments.models import Payment
from payments.services.accounts import save_store_snapshot
from stores.models import Role
from tests.admin.conftest import admitted, everywhere
from tests.orders.conftest import Board, Phone, Restaurant
from tests.orders.menus import COLA, GIMBAP, line
from tests.queue import deliver_all, unfinished

Rows = dict[str, list[dict[str, Any]]]


@pytest.mark.django_db
@pytest.mark.parametrize("pay_after", ["tab", "order"])
def test_a_replayed_step_changes_nothing(pay_after: str) -> None:
    evening = Evening(pay_after)
    for happens in (evening.begins, evening.moves, evening.is_joined):
        happens()
        deliver_all()
    _replay_each()
    for happens in (evening.is_paid, evening.ends):
        happens()
        deliver_all()
    _replay_each()


class Evening:
    """Two parties of a store: they order, call, move twice, are joined, pay, get something back, leave."""

    def __init__(self, pay_after: str) -> None:
        self.store = Restaurant(pay_after=pay_after)
        for name in ("A2", "A3", "A4"):
            self.store.add_table(name)
        save_store_snapshot(
            store_id=self.store.store_id,
            version_number=1,
            snapshot={**self.store.settings, "name": "Hansang"},
        )
        self.board = Board(self.store, admitted(self.store.store, Role.OWNER))
        self.phones = [Phone(self.store, "A1"), Phone(self.store, "A2")]

    def begins(self) -> None:
        for phone in self.phones:
            assert phone.join().status_code == 200
            assert phone.order(line(GIMBAP, 2), line(COLA)).status_code == 201
            assert phone.call("water").status_code == 201
        deliver_all()
        if Order.objects.filter(status="awaiting_payment").exists():
            self._pay(Order.objects.earliest("placed_at").tab_id)
        deliver_all()
        self._act(f"orders/{self._first().pk}/accept/", minutes=10)

    def moves(self) -> None:
        tab = self._first().tab_id
        for name in ("A3", "A4"):
            self._act(f"tabs/{tab}/move/", table_id=str(self.store.tables[name]))
        self._act(f"lines/{self._line().pk}/void/", reason="burnt")

    def is_joined(self) -> None:
        other = Tab.objects.get(table_name="A2")
        self._act(f"tabs/{other.pk}/merge/", into_tab_id=str(self._first().tab_id))
        assert self.phones[1].order(line(COLA)).status_code == 201

    def is_paid(self) -> None:
        self._pay(self._first().tab_id)
        deliver_all()
        payment = Payment.objects.filter(state="captured").latest("id")
        key = {"Idempotency-Key": new_id().hex}
        path = f"/api/v1/stores/{self.store.store_id}/payments/{payment.pk}/refunds/"
        answer = self.board.http.post(path, {"amount": 100, "reason": "sorry"}, format="json", headers=key)
        assert answer.status_code == 201, answer.content

    def ends(self) -> None:
        self._act(f"orders/{self._first().pk}/ready/")
        self._act(f"tabs/{self._first().tab_id}/close/", reason="left")

    def _first(self) -> Order:
        return Order.objects.filter(table_name__in=("A1", "A3", "A4")).earliest("placed_at")

    def _line(self) -> OrderLine:
        return self._first().lines.latest("position")

    def _act(self, rest: str, **body: Any) -> None:
        answer = self.board.post(rest, **body)
        assert answer.status_code == 200, answer.content

    def _pay(self, tab_id: Any) -> None:
        path = f"/api/v1/stores/{self.store.store_id}/tabs/{tab_id}/"
        for bill in self.board.http.get(f"{path}bill/").json()["bills"]:
            if bill["due"]:
                body, key = {"method": "cash", "bill_id": bill["id"]}, {"Idempotency-Key": new_id().hex}
                answer = self.board.http.post(f"{path}counter-payments/", body, format="json", headers=key)
                assert answer.status_code == 201, answer.content


def _replay_each() -> None:
    done = [row for row in everywhere(Delivery) if row.status == DeliveryStatus.DONE]
    before = _stored()
    for row in done:
        one = operations.Selection(ids=(row.pk,), database=str(row._state.db))
        operations.replay(one, actor=operations.Actor(None, "Ada"))
        deliver_all()
        assert _stored() == before, row.handler
    assert not unfinished()


def _stored() -> Rows:
    """Every row of the contexts; the queue's own count what was done."""
    contexts = ("stores", "menus", "orders", "payments", "notifications")
    models = [model for name in contexts for model in apps.get_app_config(name).get_models()]
    return {model._meta.label: list(model._default_manager.order_by("pk").values()) for model in models}
