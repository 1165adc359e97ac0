"""The demo restaurant: complete, in four languages, through services, with a past that adds up."""

from collections import Counter
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db.models import Sum
from django.test import Client
from django.utils import timezone

from config.demo.history import write_history
from config.demo.loading import demo_token, load
from config.demo.stores import PASSWORD
from config.management.commands.prepare import load_demo_once
from events.kernel.databases import all_aliases
from events.models import Delivery, DeliveryStatus, Event
from menus.codes import ALLERGEN_CODES, DIET_CODES
from menus.models import MenuVersion
from notifications.models import Notification
from orders.models import Order, OrderStatus, Tab, TabStatus
from payments.models import Bill, LedgerEntry, Payment, Refund
from payments.selectors import sums_of
from stores.models import Store, Table, User
from tests.queue import unfinished


@pytest.fixture
def demo(db: None) -> tuple[Store, Store]:
    return load()


def items(store: Store) -> list[dict[str, Any]]:
    document = MenuVersion.objects.get(store_id=store.id).document
    return [item for section in document["sections"] for item in section["items"]]


def test_the_menu_is_whole_in_four_languages(demo: tuple[Store, Store]) -> None:
    hansang, pocha = demo
    document = MenuVersion.objects.get(store_id=hansang.id).document
    assert len(document["sections"]) == 5 and len(items(hansang)) >= 30
    for item in items(hansang) + items(pocha):
        assert set(item["i18n"]) == {"en", "zh-hans", "ja"}
        if item["description"]:
            assert all(texts["description"] for texts in item["i18n"].values()), item["name"]
        assert set(item["allergens"]) <= ALLERGEN_CODES and set(item["diet"]) <= DIET_CODES
        for group in item["option_groups"]:
            assert all(len(row["i18n"]) == 3 for row in [group, *group["options"]])
    assert any(group["required"] for item in items(hansang) for group in item["option_groups"])
    assert sum(item["featured"] for item in items(hansang)) >= 5


def test_vegan_dishes_name_no_animal(demo: tuple[Store, Store]) -> None:
    animals = {"egg", "milk", "fish", "shrimp", "crab", "squid", "shellfish", "pork", "beef", "chicken"}
    meat = animals - {"egg", "milk"}
    for item in items(demo[0]) + items(demo[1]):
        allergens, diet = set(item["allergens"]), set(item["diet"])
        assert "vegan" not in diet or not allergens & animals, item["name"]
        assert "vegetarian" not in diet or not allergens & meat, item["name"]
        assert "no_pork" not in diet or "pork" not in allergens, item["name"]


def test_everything_was_told_and_handled(demo: tuple[Store, Store]) -> None:
    assert not unfinished()
    done = [Delivery.objects.using(alias).filter(status=DeliveryStatus.DONE) for alias in all_aliases()]
    assert sum(rows.count() for rows in done) > 20


def test_links_and_logins_stay_the_same(demo: tuple[Store, Store], client: Client) -> None:
    hansang, _pocha = demo
    tables = Table.objects.filter(store=hansang)
    assert tables.count() == 12
    for table in tables:
        assert table.tokens.get().token == demo_token("hansang", table.name)
    assert client.get(f"/api/v1/t/{demo_token('hansang', 'A1')}/").status_code == 200
    for name in ("owner", "manager", "floor", "kitchen", "admin", "pocha"):
        assert Client().login(username=name, password=PASSWORD), name
    assert set(User.objects.filter(is_staff=True).values_list("username", flat=True)) == {
        "owner", "manager", "admin", "pocha",
    }  # fmt: skip


def test_outside_test_mode_codes_are_random_and_nobody_can_sign_in(db: None, settings: Any) -> None:
    settings.TEST_MODE = False
    hansang, _pocha = load()
    table = Table.objects.get(store=hansang, name="A1")
    settings.TEST_MODE = True
    assert table.tokens.get().token != demo_token("hansang", "A1")
    assert not any(user.has_usable_password() for user in User.objects.all())


def test_the_demo_is_not_loaded_over_a_store(store: Store) -> None:
    with pytest.raises(CommandError):
        call_command("load_demo")


def test_a_reset_is_refused_outside_test_mode(store: Store, settings: Any) -> None:
    settings.TEST_MODE = False
    with pytest.raises(CommandError):
        call_command("load_demo", "--reset")
    assert Store.objects.count() == 1


def test_an_interrupted_load_leaves_nothing_and_the_next_start_loads_again(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(store_id: UUID) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr("config.demo.history.write_history", interrupt)
        load_demo_once()
    assert not Store.objects.exists() and not User.objects.exists() and not Event.objects.exists()
    load_demo_once()
    assert Store.objects.count() == 2 and Order.objects.count() > 1000
    load_demo_once()
    assert Store.objects.count() == 2 and unfinished() == []


def test_the_past_adds_up(demo: tuple[Store, Store]) -> None:
    hansang, pocha = demo
    count = write_history(hansang.id) + write_history(pocha.id)
    assert count == Order.objects.count() and 1000 < count < 2500
    statuses = Counter(Order.objects.values_list("status", flat=True))
    assert statuses[OrderStatus.SERVED] > 900 and statuses[OrderStatus.REJECTED] > 3
    assert len({*Order.objects.values_list("business_day", flat=True)}) >= 20
    _money_adds_up(pocha)
    _nothing_is_in_the_future()
    open_tabs = Tab.objects.filter(closed_at=None, store_id=hansang.id)
    assert open_tabs.count() == 3 and {tab.status for tab in open_tabs} == {TabStatus.OPEN}


def test_nobody_was_served_in_the_future_at_a_time_when_chance_is_slow(demo: tuple[Store, Store]) -> None:
    """Every Wednesday morning the last table's dish took longer to cook than the table had waited."""
    with time_machine.travel(datetime(2026, 11, 25, 9, tzinfo=ZoneInfo("Asia/Seoul")), tick=True):
        write_history(demo[0].id)
        _nothing_is_in_the_future()


def _money_adds_up(pocha: Store) -> None:
    bills = Bill.objects.in_bulk()
    for bill_id, sums in sums_of(bills).items():
        bill = bills[bill_id]
        assert sums.surplus == 0
        assert sums.due == 0 or bill.closed_at or (bill.store_id == pocha.id and bill.settled_at is None)
    captured = Payment.objects.aggregate(sum=Sum("captured"))["sum"]
    assert LedgerEntry.objects.filter(kind="capture").aggregate(sum=Sum("amount"))["sum"] == captured
    returned = Payment.objects.aggregate(sum=Sum("returned"))["sum"]
    assert Refund.objects.aggregate(sum=Sum("amount"))["sum"] == returned > 0


def _nothing_is_in_the_future() -> None:
    now = timezone.now()
    assert not Order.objects.filter(served_at__gt=now).exists()
    assert not Payment.objects.filter(captured_at__gt=now).exists()
    assert not Tab.objects.filter(closed_at__gt=now).exists()
    assert not Notification.objects.filter(acked_at__gt=now).exists()
