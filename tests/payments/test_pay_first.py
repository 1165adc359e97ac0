"""From the order to the paid bill, over a real wallet."""

from typing import Any

import pytest

from payments.gateways.sandbox.wallet.sender import send_due
from payments.models import LedgerEntry, Payment
from tests.payments.conftest import Party, published, settle_events

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_webhook_alone_pays_the_order(party: Party, wallet: Any) -> None:
    order = party.place(6500, 4000)
    phone = party.phone()
    assert phone.bill()["bills"][0]["due"] == 10500
    payment = phone.start(order_id=str(order))
    back = phone.press(payment)
    send_due()
    settle_events()

    assert back.status_code == 303
    assert phone.bill()["bills"][0]["status"] == "paid"
    assert [event.order_id for event in published("bill.paid")] == [order]
    landing = phone.web.get(back["Location"])
    assert (landing.status_code, landing["Location"]) == (302, f"/t/{party.token}/#order/{order}")


def test_the_way_back_alone_pays_the_order(party: Party, wallet: Any) -> None:
    order = party.place(6500)
    phone = party.phone()
    payment = phone.start(order_id=str(order))
    back = phone.press(payment)["Location"]
    assert phone.web.get(back).status_code == 200
    assert Payment.objects.get().state == "started"  # looking changes nothing
    answer = phone.web.post(f"{back}complete/", headers={"Accept": "application/json"}).json()

    assert answer == {
        "state": "captured",
        "paid": True,
        "final": True,
        "failure": "",
        "goal": f"/t/{party.token}/#order/{order}",
    }
    send_due()
    settle_events()
    assert LedgerEntry.objects.count() == 1
    assert len(published("payment.captured")) == 1
