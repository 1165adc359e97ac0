"""Stores, tables and staff change through services, and every change is told."""

import re

import pytest

from events.kernel.ids import new_id
from stores import services
from stores.errors import InvalidStore, LastOwner, StoreError, TableRetiredAlready, UnknownTable
from stores.models import Store, Table, User
from tests.factories import make_user, token_of
from tests.queue import published

FIELDS = {"slug": "sea", "name": "바다", "language": "ko", "languages": ["ko", "en"]}


def test_opening_a_store_tells_everything_about_it(db: None) -> None:
    hours = [{"weekday": 5, "opens": "11:00", "closes": "25:00", "last_order": "24:30"}]
    store = services.open_store(**FIELDS, opening_hours=hours, owner=make_user("kim"))
    (told,) = published("store.changed")
    assert told.snapshot["opening_hours"] == hours
    assert (told.store_id, told.version_number) == (store.id, 1)
    assert told.snapshot.keys() >= {"slug", "i18n", "timezone", "tax_rate_bp", "closed_dates", "address"}
    (people,) = published("staff.changed")
    assert [row["role"] for row in people.people] == ["owner"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"timezone": "Asia/Nowhere"},
        {"languages": ["en"]},
        {"languages": ["ko", "tlh"]},
        {"brand_color": "green"},
        {"currency": "XXX"},
        {"late_minutes": 1},
    ],
)
def test_a_wrong_setting_changes_nothing(store: Store, wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidStore) as refusal:
        services.change_store(store_id=store.id, changes=wrong)
    assert str(refusal.value.detail)
    assert Store.objects.get().timezone == store.timezone
    assert not published()


def test_opening_hours_in_the_wrong_order_are_refused(store: Store) -> None:
    rows = [{"weekday": 0, "opens": "12:00", "closes": "11:00", "last_order": "11:00"}]
    with pytest.raises(InvalidStore):
        services.change_store(store_id=store.id, changes={"name": "new"}, opening_hours=rows)
    store.refresh_from_db()
    assert store.name != "new"
    assert not published()


def test_each_change_has_a_higher_version(store: Store) -> None:
    services.change_store(store_id=store.id, changes={"phone": "02-1"})
    services.pause_store(store_id=store.id, message="준비 중")
    services.pause_store(store_id=store.id, message="준비 중")
    services.resume_store(store_id=store.id)
    told = published("store.changed")
    first = store.version_number + 1
    assert [event.version_number for event in told] == [first, first + 1, first + 2]
    assert [event.snapshot["accepting_orders"] for event in told] == [True, False, True]


def test_a_table_gets_a_code_of_eighty_random_bits(store: Store) -> None:
    tokens = {token_of(services.add_table(store_id=store.id, name=f"A{n}")) for n in range(20)}
    assert len(tokens) == 20
    assert all(re.fullmatch(r"[0-9a-hjkmnp-tv-z]{16}", token) for token in tokens)


def test_a_table_name_is_used_once(store: Store) -> None:
    services.add_table(store_id=store.id, name="A1")
    with pytest.raises(InvalidStore):
        services.add_table(store_id=store.id, name="A1")
    assert Table.objects.count() == len(published("table.changed")) == 1


def test_rotating_revokes_the_old_code(table: Table) -> None:
    old = token_of(table)
    new = services.rotate_table_token(table_id=table.id)
    assert token_of(table) == new != old
    (told,) = published("table.changed")
    assert (told.snapshot["token"], told.snapshot["revoked_tokens"]) == (new, [old])


def test_a_retired_table_ends_all_its_codes_once(table: Table) -> None:
    old = token_of(table)
    new = services.rotate_table_token(table_id=table.id)
    services.retire_table(table_id=table.id)
    services.retire_table(table_id=table.id)
    (told,) = published("table.retired")
    assert set(told.tokens) == {old, new}
    assert not table.tokens.filter(revoked_at=None).exists()
    with pytest.raises(TableRetiredAlready):
        services.rotate_table_token(table_id=table.id)
    with pytest.raises(UnknownTable):
        services.change_table(table_id=new_id(), changes={"seats": 2})


def test_the_name_of_a_retired_table_is_free_again(store: Store) -> None:
    services.retire_table(table_id=services.add_table(store_id=store.id, name="A1").id)
    assert services.add_table(store_id=store.id, name="A1").name == "A1"


def test_only_owners_and_managers_enter_the_back_office(store: Store, owner: User) -> None:
    hired = services.hire(store_id=store.id, username="lee", password="secret-1", role="floor")
    assert not User.objects.get(username="lee").is_staff
    services.change_role(membership_id=hired.id, role="manager")
    assert User.objects.get(username="lee").is_staff
    services.deactivate(membership_id=hired.id)
    assert not User.objects.get(username="lee").is_staff
    assert [event.people[-1]["active"] for event in published("staff.changed")] == [True, True, False]


def test_the_last_owner_stays(store: Store, owner: User) -> None:
    membership = owner.memberships.get()
    with pytest.raises(LastOwner):
        services.deactivate(membership_id=membership.id)
    with pytest.raises(LastOwner):
        services.change_role(membership_id=membership.id, role="floor")
    membership.refresh_from_db()
    assert (membership.active, membership.role) == (True, "owner")
    assert not published()


def test_nobody_is_hired_twice(store: Store, owner: User) -> None:
    with pytest.raises(StoreError):
        services.add_staff(store_id=store.id, user=owner, role="floor")
    with pytest.raises(StoreError):
        services.hire(store_id=store.id, username=owner.username.upper(), password="x", role="floor")
    assert not published()
