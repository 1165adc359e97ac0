from typing import Any

import pytest
from django.contrib import admin
from django.test import RequestFactory

from config.identity import memberships_of
from notifications import services
from notifications.models import Device, Notification
from stores.models import Store, User
from tests.factories import new_uuid
from tests.notifications.facts import Party, announce

pytestmark = pytest.mark.django_db


def rows_shown(person: User, model: Any) -> int:
    person.is_staff = True
    request: Any = RequestFactory().get("/")
    request.user, request.memberships, request.session = person, memberships_of(person), {}
    page: Any = admin.site._registry[model].changelist_view(request)
    return page.context_data["cl"].result_count


@pytest.mark.parametrize("model", [Notification, Device])
def test_owners_read_what_rang_in_their_store_only(
    store: Store, owner: User, stranger: User, model: Any
) -> None:
    announce(Party(store.pk).call())
    services.record_heartbeat(
        store_id=store.pk, device="d1", user_id=new_uuid(), user_name="Kim", sound=True, wake_lock=True
    )
    assert rows_shown(owner, model) == 1
    assert rows_shown(stranger, model) == 0
