"""A bill that comes while a phone asks for it."""

from uuid import uuid4

import pytest

from payments.services.start_payment import Payer, Share, Wish, _may_be_on_its_way
from tests.payments.conftest import Party

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_bill_that_was_written_since_it_was_looked_for_is_asked_for_again(party: Party) -> None:
    order = party.place(6500)
    payer = Payer(guest_id=uuid4(), tab_id=party.tab_id, token="")
    assert _may_be_on_its_way(payer, Wish("sandbox", Share(), order_id=order))
