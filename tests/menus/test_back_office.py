"""The menu in the back office: draft, choices, texts, sold out, publishing."""

from pathlib import Path
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from menus import services
from menus.errors import StillPublished, UnknownItem
from menus.models import Item, MenuVersion, Option, OptionGroup, Photo, PhotoState, StoreSnapshot
from stores.models import Store
from tests.factories import make_store
from tests.menus.conftest import Draft, make_draft
from tests.menus.test_photos import image_file
from tests.queue import deliver_all, published, unfinished


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def change_url(row: Any) -> str:
    return reverse(f"admin:menus_{row._meta.model_name}_change", args=[row.pk])


def fields_of(response: Any) -> dict[str, Any]:
    """What the browser would send back from the shown form, nested choices included."""
    data: dict[str, Any] = {}
    admin_form = response.context["adminform"].form
    _collect(data, admin_form)
    for inline in response.context["inline_admin_formsets"]:
        _collect_formset(data, inline.formset)
    return data


def _collect_formset(data: dict[str, Any], formset: Any) -> None:
    for field in formset.management_form:
        data[field.html_name] = field.value()
    for form in formset.forms:
        _collect(data, form)
        for nested in getattr(form, "nested_formsets", []):
            _collect_formset(data, nested.formset)


def _collect(data: dict[str, Any], form: Any) -> None:
    for field in form:
        value = field.value()
        if isinstance(value, dict):
            for code, texts in value.items():
                data |= {f"{field.html_name}-{code}-{name}": text for name, text in texts.items()}
        elif value is not None and value is not False:
            data[field.html_name] = value


def test_the_list_shows_only_the_own_dishes(office: Client, draft: Draft) -> None:
    make_draft(make_store(name="Other"))
    response = office.get(reverse("admin:menus_item_changelist"))
    assert [row.pk for row in response.context["cl"].result_list] == [draft.tteokbokki.pk, draft.gimbap.pk]


def test_the_sold_out_switch_of_the_list_works_at_once(office: Client, draft: Draft) -> None:
    url = reverse("admin:menus_item_changelist")
    rows = [draft.tteokbokki, draft.gimbap]
    data: dict[str, Any] = {"form-TOTAL_FORMS": 2, "form-INITIAL_FORMS": 2, "_save": "Save"}
    for index, row in enumerate(rows):
        data |= {f"form-{index}-id": row.pk, f"form-{index}-position": row.position}
        data[f"initial-form-{index}-sold_out"] = "False"
    office.post(url, {**data, "form-0-sold_out": "on"})
    assert Item.objects.get(pk=draft.tteokbokki.pk).sold_out
    (told,) = published("item.sold_out")
    assert told.item_id == draft.tteokbokki.pk and told.actor_name
    office.post(url, {**data, "initial-form-0-sold_out": "True"})
    assert len(published("item.restocked")) == 1
    assert not MenuVersion.objects.exists()


def test_dishes_are_sorted_by_dragging(office: Client, draft: Draft) -> None:
    """The theme loses the order silently when the ordering field is not part of the list."""
    url = reverse("admin:menus_item_changelist")
    page = office.get(url).content.decode()
    assert 'name="form-0-position"' in page
    office.post(
        url,
        {
            "form-TOTAL_FORMS": 2, "form-INITIAL_FORMS": 2, "_save": "Save",
            "form-0-id": draft.tteokbokki.pk, "form-0-position": 1,
            "form-1-id": draft.gimbap.pk, "form-1-position": 0,
        },
    )  # fmt: skip
    assert list(Item.objects.values_list("name", flat=True)) == ["김밥", "떡볶이"]


def test_a_dish_with_its_choices_is_edited_on_one_page(office: Client, draft: Draft) -> None:
    url = change_url(draft.tteokbokki)
    data = fields_of(office.get(url))
    assert data["option_groups-0-options-0-name"] == "매운맛"
    data |= {
        "price": "7,000",
        "i18n-en-name": "Tteokbokki",
        "i18n-en-description": "Rice cakes",
        "allergens": ["wheat", "soy"],
        "option_groups-0-options-TOTAL_FORMS": 2,
        "option_groups-0-options-1-name": "순한맛",
        "option_groups-0-options-1-price": "",
        "option_groups-0-options-1-position": 1,
        "option_groups-0-options-1-i18n-en-name": "Mild",
    }
    response = office.post(url, data)
    assert response.status_code == 302, response.context["errors"]
    item = Item.objects.get(pk=draft.tteokbokki.pk)
    assert (item.price, item.allergens) == (7000, ["wheat", "soy"])
    assert item.i18n == {"en": {"name": "Tteokbokki", "description": "Rice cakes"}}
    mild = Option.objects.get(name="순한맛")
    assert (mild.group, mild.price, mild.i18n) == (draft.spice, 0, {"en": {"name": "Mild"}})
    assert not published("item.sold_out")


@pytest.mark.parametrize("is_hidden", [True, False])
def test_a_dish_that_guests_still_see_is_not_deleted(office: Client, draft: Draft, is_hidden: bool) -> None:
    services.publish_menu(menu_id=draft.menu.pk)
    Item.objects.filter(pk=draft.gimbap.pk).update(visible=not is_hidden)
    url = reverse("admin:menus_item_delete", args=[draft.gimbap.pk])
    for answer in (office.get(url, follow=True), office.post(url, {"post": "yes"}, follow=True)):
        assert "Guests still see this dish" in answer.content.decode()
    with pytest.raises(StillPublished):
        services.delete_item(store_id=draft.menu.store_id, item_id=draft.gimbap.pk)
    assert Item.objects.filter(pk=draft.gimbap.pk).exists() and not LogEntry.objects.exists()


def test_a_dish_that_guests_do_not_see_any_more_is_deleted(office: Client, draft: Draft) -> None:
    services.publish_menu(menu_id=draft.menu.pk)
    Item.objects.filter(pk=draft.gimbap.pk).update(visible=False)
    services.publish_menu(menu_id=draft.menu.pk)
    office.post(reverse("admin:menus_item_delete", args=[draft.gimbap.pk]), {"post": "yes"})
    assert list(Item.objects.all()) == [draft.tteokbokki]


def test_a_dish_of_another_store_is_not_deleted(office: Client, draft: Draft) -> None:
    other = make_draft(make_store())
    office.post(reverse("admin:menus_item_delete", args=[other.gimbap.pk]), {"post": "yes"})
    with pytest.raises(UnknownItem):
        services.delete_item(store_id=draft.menu.store_id, item_id=other.gimbap.pk)
    assert Item.objects.filter(pk=other.gimbap.pk).exists()


def test_a_choice_that_asks_for_too_much_is_refused(office: Client, draft: Draft) -> None:
    data = fields_of(office.get(change_url(draft.tteokbokki)))
    response = office.post(
        change_url(draft.tteokbokki), {**data, "option_groups-0-minimum": 3, "option_groups-0-maximum": 2}
    )
    assert response.status_code == 200
    assert OptionGroup.objects.get().minimum == 1


def test_prices_are_typed_in_the_currency_of_the_store(office: Client, draft: Draft) -> None:
    StoreSnapshot.objects.update(data={"currency": "CNY", "language": "zh-hans", "languages": ["zh-hans"]})
    Item.objects.filter(pk=draft.gimbap.pk).update(price=1250)
    url = change_url(draft.gimbap)
    data = fields_of(office.get(url))
    shown = office.get(url).context["adminform"].form["price"].value()
    assert str(shown) == "12.50"
    assert office.post(url, {**data, "price": "12.505"}).status_code == 200
    assert office.post(url, {**data, "price": "13.80"}).status_code == 302
    assert Item.objects.get(pk=draft.gimbap.pk).price == 1380


@pytest.mark.parametrize("price", ["-1", "abc", "1.5", "NaN", "1e30", "9" * 30, ""])
def test_a_wrong_price_is_refused(office: Client, draft: Draft, price: str) -> None:
    url = change_url(draft.gimbap)
    assert office.post(url, {**fields_of(office.get(url)), "price": price}).status_code == 200
    assert Item.objects.get(pk=draft.gimbap.pk).price == 4000


def test_a_photo_uploaded_with_the_dish_is_prepared_by_the_queue(office: Client, draft: Draft) -> None:
    url = change_url(draft.gimbap)
    office.post(url, {**fields_of(office.get(url)), "new_photo": image_file()})
    deliver_all()
    assert not unfinished()
    photo = Photo.objects.get()
    assert photo.state == PhotoState.READY
    assert Item.objects.get(pk=draft.gimbap.pk).photo == photo


def test_a_bad_photo_gets_a_sentence(office: Client, draft: Draft) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    url = reverse("admin:menus_photo_add")
    bad = SimpleUploadedFile("a.jpg", b"nothing")
    response = office.post(url, {"store": draft.menu.store_id, "title": "x", "file": bad})
    assert response.status_code == 200 and "no picture we can read" in response.content.decode()
    assert (
        office.post(url, {"store": draft.menu.store_id, "title": "x", "file": image_file()}).status_code
        == 302
    )
    assert Photo.objects.get().store_id == draft.menu.store_id


def test_a_photo_for_a_foreign_store_is_refused(office: Client, draft: Draft) -> None:
    other = make_store()
    response = office.post(
        reverse("admin:menus_photo_add"), {"store": other.pk, "title": "x", "file": image_file()}
    )
    assert response.status_code == 200 and not Photo.objects.exists()


def test_publishing_shows_the_changes_and_needs_a_post(office: Client, draft: Draft) -> None:
    url = reverse("admin:menus_menu_preview", args=[draft.menu.pk])
    page = office.get(url)
    assert "떡볶이" in page.content.decode() and not MenuVersion.objects.exists()
    office.post(url)
    assert MenuVersion.objects.get().published_by
    Item.objects.filter(pk=draft.gimbap.pk).update(price=4500)
    page = office.get(url)
    assert [row.details for row in page.context["differences"]] == [("₩4,000 → ₩4,500",)]
    office.post(url)
    office.post(url)
    assert MenuVersion.objects.count() == len(published("menu.published")) == 2


def test_publishing_without_the_csrf_token_is_refused(office: Client, draft: Draft) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = office.cookies
    assert strict.post(reverse("admin:menus_menu_preview", args=[draft.menu.pk])).status_code == 403
    assert not MenuVersion.objects.exists()


def test_what_cannot_be_published_says_why(office: Client, draft: Draft) -> None:
    Option.objects.all().delete()
    url = reverse("admin:menus_menu_preview", args=[draft.menu.pk])
    assert "has no options" in office.get(url).content.decode()
    office.post(url)
    assert not MenuVersion.objects.exists()


def test_a_foreign_menu_is_not_there(office: Client, draft: Draft) -> None:
    other = make_draft(make_store())
    url = reverse("admin:menus_menu_preview", args=[other.menu.pk])
    assert office.get(url).status_code == 404
    assert office.post(url).status_code == 404
    assert office.post(change_url(other.gimbap), {"name": "mine"}).status_code == 302
    assert Item.objects.get(pk=other.gimbap.pk).name == "김밥"
    assert not MenuVersion.objects.exists()


@pytest.mark.parametrize("model", ["menu", "item", "photo", "menuversion"])
def test_every_page_opens(office: Client, draft: Draft, store: Store, model: str) -> None:
    office.post(reverse("admin:menus_menu_preview", args=[draft.menu.pk]))
    Photo.objects.create(store_id=store.id, state=PhotoState.FAILED, failure="no_picture")
    response = office.get(reverse(f"admin:menus_{model}_changelist"), follow=True)
    assert response.status_code == 200
    rows = {"menu": draft.menu, "item": draft.gimbap, "photo": Photo.objects.get()}
    row = rows.get(model) or MenuVersion.objects.get()
    assert office.get(change_url(row)).status_code == 200
    if model in {"item", "photo"}:
        assert office.get(reverse(f"admin:menus_{model}_add")).status_code == 200
