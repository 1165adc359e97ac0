"""Publishing freezes the draft as a version and tells everybody."""

from typing import Any

import pytest

from menus import services
from menus.documents import difference, document_of
from menus.errors import MenuNotReady
from menus.models import Item, Menu, MenuVersion, Option, OptionGroup, Photo, Section
from orders.models import MenuSnapshot
from stores.models import Store
from tests.menus.conftest import Draft
from tests.queue import deliver_all, published, unfinished


def test_the_document_has_the_shape_that_others_expect(draft: Draft) -> None:
    document = document_of(draft.menu)
    item = document["sections"][0]["items"][0]
    assert item.keys() == {
        "id", "name", "description", "i18n", "price", "photo", "allergens", "diet", "spicy", "featured",
        "station", "minutes", "tax_rate_bp", "option_groups",
    }  # fmt: skip
    group = item["option_groups"][0]
    assert (group["required"], group["min"], group["max"]) == (True, 1, 1)
    assert group["options"] == [{"id": str(draft.hot.id), "name": "매운맛", "i18n": {}, "price": 500}]


def test_building_the_document_costs_the_same_for_many_dishes(
    draft: Draft, django_assert_max_num_queries: Any
) -> None:
    for number in range(20):
        item = Item.objects.create(section=draft.section, name=f"{number}", price=1)
        OptionGroup.objects.create(item=item, name="맵기")
    with django_assert_max_num_queries(6):
        document_of(draft.menu)


def test_publishing_makes_a_version_that_orders_price_by(draft: Draft) -> None:
    version = services.publish_menu(menu_id=draft.menu.id, actor_name="김한상")
    (told,) = published("menu.published")
    assert (told.version_number, told.document) == (version.version_number, version.document)
    deliver_all()
    assert not unfinished()
    kept = MenuSnapshot.objects.get(store_id=draft.menu.store_id)
    assert kept.document["sections"][0]["items"][0]["name"] == "떡볶이"


def test_nothing_new_makes_no_version(draft: Draft) -> None:
    first = services.publish_menu(menu_id=draft.menu.id)
    assert services.publish_menu(menu_id=draft.menu.id) == first
    assert len(published("menu.published")) == MenuVersion.objects.count() == 1


def test_a_published_version_never_changes(draft: Draft) -> None:
    version = services.publish_menu(menu_id=draft.menu.id)
    with pytest.raises(TypeError):
        version.save()


def test_an_empty_menu_is_refused(store: Store) -> None:
    services.save_store(store_id=store.id, version_number=99, snapshot={"language": "ko"})
    with pytest.raises(MenuNotReady) as refusal:
        services.publish_menu(menu_id=Menu.objects.get(store_id=store.id).id)
    assert refusal.value.problems == ["There is no dish on the menu yet."]
    assert not published("menu.published")


def test_what_is_wrong_is_said_in_sentences(draft: Draft) -> None:
    OptionGroup.objects.create(item=draft.gimbap, name="소스")
    OptionGroup.objects.filter(pk=draft.spice.pk).update(minimum=2, maximum=2)
    draft.gimbap.photo = Photo.objects.create(store_id=draft.menu.store_id)
    draft.gimbap.save()
    with pytest.raises(MenuNotReady) as refusal:
        services.publish_menu(menu_id=draft.menu.id)
    text = " ".join(refusal.value.problems)
    assert "“소스” has no options" in text
    assert "asks for more than it offers" in text
    assert "still being prepared" in text
    assert not MenuVersion.objects.exists()


def test_hidden_dishes_and_empty_sections_stay_at_home(draft: Draft) -> None:
    Section.objects.create(menu=draft.menu, name="음료")
    Item.objects.filter(pk=draft.gimbap.pk).update(visible=False)
    sections = document_of(draft.menu)["sections"]
    assert [section["name"] for section in sections] == ["분식"]
    assert [item["name"] for item in sections[0]["items"]] == ["떡볶이"]


def test_the_difference_reads_like_a_list_of_changes(draft: Draft) -> None:
    old = document_of(draft.menu)
    Item.objects.filter(pk=draft.tteokbokki.pk).update(price=7000, name="국물 떡볶이")
    Option.objects.filter(pk=draft.hot.pk).update(price=0)
    Option.objects.create(group=draft.spice, name="순한맛")
    draft.gimbap.delete()
    Item.objects.create(section=draft.section, name="라면", price=5000)
    found = {row.what: row for row in difference(old, document_of(draft.menu), "KRW", "ko")}
    assert found["라면"].kind == "added" and found["라면"].details == ("5,000원",)
    assert found["김밥"].kind == "removed"
    details = found["국물 떡볶이"].details
    assert "6,500원 → 7,000원" in details
    assert "was called “떡볶이”" in details
    assert "+ 맵기: 순한맛" in details
    assert "맵기: 매운맛 500원 → 0원" in details


def test_no_change_is_no_difference(draft: Draft) -> None:
    assert difference(document_of(draft.menu), document_of(draft.menu), "KRW", "ko") == []


def test_a_new_order_of_the_menu_is_a_difference(draft: Draft) -> None:
    old = document_of(draft.menu)
    services.reorder(menu_id=draft.menu.id, item_ids=[draft.gimbap.id, draft.tteokbokki.id])
    new = document_of(draft.menu)
    assert [item["name"] for item in new["sections"][0]["items"]] == ["김밥", "떡볶이"]
    assert [row.what for row in difference(old, new, "KRW", "ko")] == ["Order of the menu"]


def test_a_store_gets_its_empty_menu_by_the_event(db: None) -> None:
    from stores.services import open_store

    store = open_store(slug="sea", name="바다", language="ko", languages=["ko"])
    deliver_all()
    assert not unfinished()
    assert Menu.objects.filter(store_id=store.id).count() == 1
