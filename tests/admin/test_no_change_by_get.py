"""The theme runs row, list and detail actions on GET too: none of ours may change anything then."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.contrib.admin import site
from django.core import serializers
from django.test import Client
from django.urls import reverse
from unfold.admin import ModelAdmin as UnfoldModelAdmin

from events.kernel.database_choice import in_database
from events.models import Delivery, DeliveryStatus
from stores.models import Store
from tests.admin.conftest import admitted, everywhere, make_delivery, signed_in

# Seen, never business: who is signed in and what a person last looked at.
IGNORED = {"sessions.session", "admin.logentry", "contenttypes.contenttype", "auth.permission"}


def rows_of(model: type[Any]) -> Any:
    """The queue's tables stand in every database."""
    return everywhere(model) if model._meta.app_label == "events" else model._default_manager.order_by("pk")


def state_of_everything() -> dict[str, str]:
    return {
        model._meta.label_lower: serializers.serialize("json", rows_of(model))
        for model in apps.get_models()
        if model._meta.label_lower not in IGNORED and not model._meta.proxy
    }


def theme_actions() -> Iterator[tuple[Any, Any, bool]]:
    """(admin class, action, whether it needs a row) of every app."""
    for admin in site._registry.values():
        if not isinstance(admin, UnfoldModelAdmin):
            continue
        for action in admin._get_base_actions_list():
            yield admin, action, False
        for action in [*admin._get_base_actions_row(), *admin._get_base_actions_detail()]:
            yield admin, action, True


def test_every_admin_class_comes_from_our_base() -> None:
    from events.kernel.backoffice import PlatformAdmin, StoreScopedAdmin

    strangers = [
        model._meta.label
        for model, admin in site._registry.items()
        if not isinstance(admin, (StoreScopedAdmin, PlatformAdmin)) and model._meta.app_label != "auth"
    ]
    assert not strangers


def test_no_action_hangs_on_the_save_button() -> None:
    """A submit-line action runs inside save(): it would have no confirmation of its own."""
    assert not [admin for admin in site._registry.values() if getattr(admin, "actions_submit_line", ())]


@pytest.mark.parametrize("index", range(len(list(theme_actions()))))
def test_an_action_changes_nothing_by_get(index: int, boss: Client, store: Store) -> None:
    admin, action, needs_row = list(theme_actions())[index]
    make_delivery(store)
    make_delivery(store, DeliveryStatus.DONE, stream="order:2")
    rows = rows_of(admin.model)[:3] if needs_row else [None]
    before = state_of_everything()
    for row in rows:
        arguments = [row.pk] if row is not None else []
        path = reverse(f"admin:{action.action_name}", args=arguments)
        if isinstance(row, Delivery):
            path = in_database(path, row._state.db)
        answer = boss.get(path)
        assert answer.status_code in {200, 302, 403, 404}
    assert state_of_everything() == before


def test_reading_pages_changes_nothing(boss: Client, store: Store) -> None:
    row = make_delivery(store)
    before = state_of_everything()
    for path in (
        "/admin/",
        "/admin/?days=7",
        "/admin/?days=30",
        "/admin/queue/",
        f"/admin/story/{row.event.correlation_id}/",
        "/admin/events/event/",
        f"/admin/events/event/{row.event_id}/change/",
        "/admin/events/delivery/",
        f"/admin/events/delivery/{row.pk}/change/",
        "/admin/events/intervention/",
    ):
        assert boss.get(path, follow=True).status_code == 200, path
    assert state_of_everything() == before


def test_every_list_opens_for_an_owner(boss: Client, store: Store) -> None:
    for model, admin in site._registry.items():
        path = reverse(f"admin:{admin.opts.app_label}_{admin.opts.model_name}_changelist")
        answer = boss.get(path, follow=True)
        assert answer.status_code in {200, 403}, model


def test_lists_stay_readable_on_a_phone() -> None:
    """A row is a card there; the stylesheet shows its first four columns, so the rest is for wide screens."""
    wide = [
        model._meta.label
        for model, admin in site._registry.items()
        if len([name for name in admin.list_display if name != "action_checkbox"]) > 6
    ]
    assert not wide


def test_drag_sorting_keeps_its_field_in_the_form() -> None:
    """The theme loses the order silently when `fields` omits the ordering field."""
    for admin in site._registry.values():
        for each in [admin, *getattr(admin, "inlines", ())]:
            field = getattr(each, "ordering_field", None)
            fields = getattr(each, "fields", None)
            assert not field or not fields or field in fields, each


def test_a_manager_enters_too(store: Store) -> None:
    assert signed_in(admitted(store, "manager")).get("/admin/").status_code == 200
