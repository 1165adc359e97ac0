"""Stores, tables and staff in the back office: through services, told, and scoped."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from stores import services
from stores.models import Role, StaffMembership, Store, Table, User
from tests.factories import PASSWORD, make_membership, make_store, make_table, token_of
from tests.menus.test_back_office import fields_of
from tests.queue import published

NO_HOURS = {"opening_hours-TOTAL_FORMS": 0, "opening_hours-INITIAL_FORMS": 0}


def enter(store: Store, role: str = Role.OWNER) -> Client:
    user = make_membership(store, role).user
    User.objects.filter(pk=user.pk).update(is_staff=True)
    client = Client()
    client.force_login(User.objects.get(pk=user.pk))
    return client


@pytest.fixture
def office(store: Store) -> Client:
    return enter(store)


def page(name: str, *args: Any) -> str:
    return reverse(f"admin:stores_{name}", args=args)


def test_settings_and_hours_are_told_together(office: Client, store: Store) -> None:
    before = len(published("store.changed"))
    url = page("store_change", store.pk)
    data = fields_of(office.get(url)) | {
        "phone": "02-123",
        "closed_dates": "2026-12-25\n2027-01-01",
        "i18n-en-name": "Sea",
        "opening_hours-TOTAL_FORMS": 1,
        "opening_hours-0-weekday": 4,
        "opening_hours-0-opens": "11:00",
        "opening_hours-0-last_order": "25:00",
        "opening_hours-0-closes": "26:00",
    }
    response = office.post(url, data)
    assert response.status_code == 302, response.context["errors"]
    told = published("store.changed")[before:]
    assert len(told) == 1
    snapshot = told[0].snapshot
    assert (snapshot["phone"], snapshot["i18n"]) == ("02-123", {"en": {"name": "Sea"}})
    assert snapshot["closed_dates"] == ["2026-12-25", "2027-01-01"]
    assert snapshot["opening_hours"][0]["closes"] == "26:00"


def test_saving_without_a_change_tells_nothing(office: Client, store: Store) -> None:
    before = len(published("store.changed"))
    url = page("store_change", store.pk)
    office.post(url, fields_of(office.get(url)))
    assert len(published("store.changed")) == before


@pytest.mark.parametrize(
    "wrong",
    [{"timezone": "Mars"}, {"languages": ["en"]}, {"closed_dates": "tomorrow"}, {"brand_color": "red;}"}],
)
def test_wrong_settings_are_refused(office: Client, store: Store, wrong: dict[str, Any]) -> None:
    before = len(published("store.changed"))
    url = page("store_change", store.pk)
    assert office.post(url, fields_of(office.get(url)) | wrong).status_code == 200
    assert len(published("store.changed")) == before


def test_the_store_is_paused_after_a_question(office: Client, store: Store) -> None:
    url = page("store_pause", store.pk)
    office.get(url)
    assert Store.objects.get(pk=store.pk).accepting_orders
    office.post(url, {"_form_submitted": "on", "message": "잠시 쉬어요"})
    assert Store.objects.get(pk=store.pk).pause_message == "잠시 쉬어요"
    office.post(page("store_resume", store.pk), {"_form_submitted": "on"})
    assert Store.objects.get(pk=store.pk).accepting_orders


def test_owners_cannot_open_stores(office: Client, platform_admin: User) -> None:
    assert office.get(page("store_add")).status_code == 403
    client = Client()
    client.force_login(platform_admin)
    data = fields_of(client.get(page("store_add"))) | NO_HOURS
    data |= {"name": "바다", "slug": "sea", "language": "ko", "languages": ["ko", "en"]}
    response = client.post(page("store_add"), data)
    assert response.status_code == 302, response.context["errors"]
    assert Store.objects.get(slug="sea").version_number == 1


def test_a_table_is_added_changed_and_told(office: Client, store: Store) -> None:
    data = fields_of(office.get(page("table_add"))) | {"store": store.pk, "name": "A1"}
    response = office.post(page("table_add"), data)
    assert response.status_code == 302, response.context["errors"]
    table = Table.objects.get(name="A1")
    assert len(token_of(table)) == 16
    url = page("table_change", table.pk)
    office.post(url, fields_of(office.get(url)) | {"seats": 6})
    told = published("table.changed")
    assert (told[-1].snapshot["seats"], told[-1].version_number) == (6, 2)


def test_a_taken_table_name_is_refused_with_a_message(office: Client, store: Store) -> None:
    services.add_table(store_id=store.pk, name="A1")
    data = fields_of(office.get(page("table_add"))) | {"store": store.pk, "name": "A1"}
    response = office.post(page("table_add"), data, follow=True)
    assert response.status_code == 200
    assert Table.objects.count() == 1


def test_a_new_code_and_the_end_of_a_table_need_a_post(office: Client, table: Table) -> None:
    old = token_of(table)
    for name in ("rotate", "retire"):
        office.get(page(f"table_{name}", table.pk))
    assert token_of(table) == old
    office.post(page("table_rotate", table.pk), {"_form_submitted": "on"})
    assert token_of(table) != old
    office.post(page("table_retire", table.pk), {"_form_submitted": "on"})
    assert Table.objects.get(pk=table.pk).retired_at


def test_cards_are_printed_from_the_list(office: Client, store: Store, table: Table) -> None:
    assert office.get(page("table_all_cards")).url == f"/staff/{store.slug}/tables/sheet/"  # type: ignore[attr-defined]
    assert f"table={table.pk}" in office.get(page("table_card", table.pk)).url  # type: ignore[attr-defined]
    chosen = {"action": "print_cards", "_selected_action": [table.pk]}
    assert f"table={table.pk}" in office.post(page("table_changelist"), chosen).url  # type: ignore[attr-defined]


def test_foreign_tables_are_not_there(office: Client) -> None:
    foreign = make_table(make_store())
    old = token_of(foreign)
    assert office.get(page("table_card", foreign.pk)).status_code == 404
    assert office.post(page("table_rotate", foreign.pk), {"_form_submitted": "on"}).status_code == 404
    data = {"store": foreign.store_id, "name": "Z9", "seats": 2}
    assert office.post(page("table_add"), data).status_code == 200
    assert token_of(foreign) == old and not Table.objects.filter(name="Z9").exists()


def hire(office: Client, store: Store, **more: Any) -> Any:
    data = {"store": store.pk, "role": "floor", "name": "박지훈", "username": "jihoon"}
    return office.post(page("staffmembership_add"), data | {"password": "sunny-side-7"} | more)


def test_a_person_is_hired_with_a_login(office: Client, store: Store) -> None:
    assert office.get(page("staffmembership_add")).status_code == 200
    assert hire(office, store).status_code == 302
    row = StaffMembership.objects.get(user__username="jihoon")
    assert (row.role, row.user.display_name) == ("floor", "박지훈")
    assert Client().login(username="jihoon", password="sunny-side-7")
    assert published("staff.changed")[-1].people[-1]["name"] == "박지훈"


@pytest.fixture
def eve(store: Store) -> Client:
    """Owns another store, and manages this one."""
    user = make_membership(make_store(), Role.OWNER).user
    make_membership(store, Role.MANAGER, user)
    client = Client()
    client.force_login(User.objects.get(pk=user.pk))
    return client


@pytest.mark.parametrize("role", Role.values)
def test_an_owner_elsewhere_hires_nobody_where_they_only_manage(eve: Client, store: Store, role: str) -> None:
    before = len(published("staff.changed"))
    answer = hire(eve, store, role=role)
    assert answer.status_code == 200 and "store" in answer.context["adminform"].form.errors
    assert not User.objects.filter(username="jihoon").exists()
    assert len(published("staff.changed")) == before


def test_an_owner_elsewhere_changes_no_role_where_they_only_manage(eve: Client, store: Store) -> None:
    row = make_membership(store, Role.FLOOR)
    assert eve.post(page("staffmembership_change", row.pk), {"role": "owner"}).status_code == 403
    row.refresh_from_db()
    assert row.role == Role.FLOOR


def test_only_stores_that_the_caller_owns_are_offered_for_hiring(eve: Client, store: Store) -> None:
    form = eve.get(page("staffmembership_add")).context["adminform"].form
    assert [row.pk for row in form.fields["store"].queryset] == [
        row.pk for row in Store.objects.exclude(pk=store.pk)
    ]


@pytest.mark.parametrize("wrong", [{"password": "12345"}, {"username": "a b"}, {"role": "king"}])
def test_a_wrong_hire_is_refused(office: Client, store: Store, wrong: dict[str, str]) -> None:
    assert hire(office, store, **wrong).status_code == 200
    assert not User.objects.filter(username="jihoon").exists()


def test_the_last_owner_cannot_leave(office: Client, store: Store) -> None:
    row = StaffMembership.objects.get(store=store)
    office.post(page("staffmembership_deactivate", row.pk), {"_form_submitted": "on"})
    url = page("staffmembership_change", row.pk)
    response = office.post(url, {"role": "floor"}, follow=True)
    assert "at least one owner" in response.content.decode()
    row.refresh_from_db()
    assert (row.active, row.role) == (True, "owner")


def test_managers_read_the_staff_but_do_not_change_it(store: Store, owner: User) -> None:
    client = enter(store, Role.MANAGER)
    assert client.get(page("staffmembership_changelist")).status_code == 200
    row = owner.memberships.get()
    assert (
        client.post(page("staffmembership_deactivate", row.pk), {"_form_submitted": "on"}).status_code == 403
    )
    assert hire(client, store).status_code == 403
    row.refresh_from_db()
    assert row.active


def test_a_password_is_reset_only_for_ones_own_people(office: Client, store: Store, stranger: User) -> None:
    mine = make_membership(store, Role.FLOOR)
    url = page("staffmembership_set_password", mine.pk)
    office.post(url, {"_form_submitted": "on", "password": "sunny-side-8"})
    assert Client().login(username=mine.user.username, password="sunny-side-8")
    shared = make_membership(store, Role.FLOOR, stranger)
    url = page("staffmembership_set_password", shared.pk)
    office.post(url, {"_form_submitted": "on", "password": "sunny-side-8"})
    assert Client().login(username=stranger.username, password=PASSWORD)


@pytest.mark.parametrize("role", [Role.FLOOR, Role.KITCHEN])
def test_floor_and_kitchen_see_nothing(store: Store, role: str) -> None:
    assert enter(store, role).get(page("table_changelist")).status_code == 302


@pytest.mark.parametrize("name", ["store", "table", "staffmembership"])
def test_every_list_and_page_opens(office: Client, store: Store, table: Table, name: str) -> None:
    assert office.get(page(f"{name}_changelist")).status_code == 200
    rows = {"store": store, "table": table, "staffmembership": StaffMembership.objects.get(store=store)}
    assert office.get(page(f"{name}_change", rows[name].pk)).status_code == 200
