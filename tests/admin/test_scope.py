"""Who sees what in the back office."""

import pytest
from django.contrib.admin import RelatedOnlyFieldListFilter, site
from django.core.exceptions import PermissionDenied
from django.db.models.constants import LOOKUP_SEP
from django.test import Client
from django.urls import reverse

from menus.models import Menu, Section
from stores.backoffice_forms import HireForm
from stores.models import Role, StaffMembership, Store, User
from tests.admin.conftest import admitted, at, make_delivery, signed_in
from tests.factories import PASSWORD, make_membership, make_store

LIST = "/admin/events/delivery/"


def test_an_owner_sees_only_the_own_stores_rows(boss: Client, store: Store) -> None:
    mine = make_delivery(store)
    foreign = make_delivery(make_store(), stream="order:2")
    rows = boss.get(at(LIST)).context["cl"].result_list
    assert mine.pk in [row.pk for row in rows] and foreign.pk not in [row.pk for row in rows]
    assert boss.get(at(f"{LIST}{mine.pk}/change/")).status_code == 200
    answer = boss.get(at(f"{LIST}{foreign.pk}/change/"))
    assert answer.status_code == 302 and answer["Location"] == reverse("admin:index")


@pytest.mark.parametrize("name", ["retry_one", "replay_one", "discard_one"])
def test_a_foreign_row_cannot_be_operated(boss: Client, name: str) -> None:
    foreign = make_delivery(make_store())
    answer = boss.post(at(f"{LIST}{foreign.pk}/{name}/"), {"confirmed": "yes", "reason": "x"})
    assert answer.status_code == 404
    foreign.refresh_from_db()
    assert foreign.status == 3


def test_foreign_rows_in_a_selection_are_ignored(boss: Client, store: Store) -> None:
    mine, foreign = make_delivery(store), make_delivery(make_store(), stream="order:2")
    boss.post(
        at(LIST),
        {
            "action": "retry_selected",
            "_selected_action": [mine.pk, foreign.pk],
            "confirmed": "yes",
            "reason": "",
        },
    )
    mine.refresh_from_db()
    foreign.refresh_from_db()
    assert (mine.status, foreign.status) == (0, 3)


def test_a_platform_admin_sees_every_store(platform_admin: object, store: Store) -> None:
    expected = {make_delivery(store).pk, make_delivery(make_store(), stream="order:2").pk}
    rows = signed_in(platform_admin).get(at(LIST)).context["cl"].result_list  # type: ignore[arg-type]
    assert expected <= {row.pk for row in rows}


@pytest.mark.parametrize("role", [Role.FLOOR, Role.KITCHEN])
def test_floor_and_kitchen_stay_outside(store: Store, role: str) -> None:
    client = signed_in(admitted(store, role))
    assert client.get("/admin/").status_code == 302
    assert client.get(LIST).status_code == 302


def test_an_owner_who_was_not_admitted_stays_outside(store: Store) -> None:
    user = admitted(store)
    user.is_staff = False
    user.save()
    client = signed_in(user)
    assert client.get("/admin/").status_code == 302


def test_login_tells_others_where_their_board_is(client: Client, store: Store) -> None:
    user = make_membership(store, Role.KITCHEN).user
    answer = client.post("/admin/login/", {"username": user.username, "password": PASSWORD})
    assert answer.status_code == 200 and b"/staff/" in answer.content
    assert "_auth_user_id" not in client.session


def test_login_lets_an_owner_in(client: Client, store: Store) -> None:
    user = admitted(store)
    answer = client.post(
        "/admin/login/", {"username": user.username, "password": PASSWORD, "next": "/admin/"}
    )
    assert answer.status_code == 302 and client.get("/admin/").status_code == 200


def test_a_former_member_is_outside_at_once(store: Store) -> None:
    user = admitted(store)
    client = signed_in(user)
    user.memberships.update(active=False)
    assert client.get("/admin/").status_code == 302


def test_a_row_that_would_land_in_a_foreign_store_is_refused_whatever_its_page_saves(
    boss: Client, store: Store
) -> None:
    """Its own form would not even offer that store; the base asks once more, before `save_model`."""
    page = site._registry[StaffMembership]
    values = {"role": "owner", "name": "Eve", "username": "eve", "password": "sunny-side-7"}
    request = boss.get("/admin/").wsgi_request
    own = HireForm({**values, "store": store.pk})
    foreign = HireForm({**values, "store": make_store().pk})
    assert own.is_valid() and foreign.is_valid()
    assert page.save_form(request, own, change=False).store_id == store.pk
    with pytest.raises(PermissionDenied):
        page.save_form(request, foreign, change=False)
    assert not User.objects.filter(username="eve").exists()


def test_the_sections_of_other_restaurants_are_no_filter(boss: Client, store: Store) -> None:
    for place, name in ((store, "Lunch"), (make_store(), "Secret tasting menu")):
        menu, _ = Menu.objects.get_or_create(store_id=place.pk)
        for number in (1, 2):
            section = Section.objects.create(menu=menu, name=f"{name} {number}")
            section.items.create(name="Soup", price=1000)
    answer = boss.get("/admin/menus/item/").content.decode()
    assert "Lunch 2" in answer and "Secret" not in answer


def test_no_list_offers_rows_of_others_as_a_filter() -> None:
    """A filter over a relation lists every row there is, unless it says otherwise."""
    for model, page in site._registry.items():
        for name in page.list_filter:
            if isinstance(name, str):
                field = model._meta.get_field(name.split(LOOKUP_SEP)[0])
                assert not field.is_relation, (model, name, RelatedOnlyFieldListFilter)
