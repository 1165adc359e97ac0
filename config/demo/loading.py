"""Loads the demo through the services and the event queue, as if people had done it by hand."""

import hashlib
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.hashers import make_password

from config.demo.choices import CHOICES, Names
from config.demo.dish import Dish, Part
from config.demo.drinks import ALCOHOL, BAR_FOOD, DRINKS
from config.demo.meals import MEALS, SIDES
from config.demo.snacks import GIMBAP, SNACKS
from config.demo.stores import (
    ADMIN,
    HANSANG,
    HANSANG_PEOPLE,
    HANSANG_TABLES,
    PASSWORD,
    POCHA,
    POCHA_HOURS,
    POCHA_PEOPLE,
    POCHA_TABLES,
)
from events.kernel.databases import atomic
from events.sweeper import deliver_backlog
from menus.models import Item, Menu, Option, OptionGroup, Photo, PhotoState, Section
from menus.services import mark_sold_out, publish_menu
from stores import services
from stores.models import Store, User

# The ground of each drawing, shown until it is loaded.
COLORS = {
    "bibimbap": "#e4e0d6",
    "coffee": "#e9e3da",
    "donkatsu": "#e7dccb",
    "gimbap": "#dcebdc",
    "mandu": "#efe6d6",
    "ramyeon": "#fde7cf",
    "sikhye": "#e3f0ee",
    "tteokbokki": "#fbe3c8",
}
LANGUAGES = ("en", "zh-hans", "ja")
SOLD_OUT_TODAY = ("치즈 돈까스", "묵은지")


def load() -> tuple[Store, Store]:
    """Two stores with tables, people and published menus; every event is delivered when it returns."""
    User.objects.create_superuser(ADMIN, password=None, first_name="Hansang")
    hansang = services.open_store(**HANSANG)
    pocha = services.open_store(**POCHA, opening_hours=POCHA_HOURS)
    for store, people, tables in (
        (hansang, HANSANG_PEOPLE, HANSANG_TABLES),
        (pocha, POCHA_PEOPLE, POCHA_TABLES),
    ):
        _hire(store, people)
        _furnish(store, tables)
    _set_passwords()
    deliver_backlog()  # menus learn of their stores
    write_menu(hansang.id, (SNACKS, GIMBAP, MEALS, SIDES, DRINKS))
    write_menu(pocha.id, (BAR_FOOD, ALCOHOL))
    for item in Item.objects.filter(name__in=SOLD_OUT_TODAY):
        mark_sold_out(store_id=hansang.id, item_id=item.id, actor_name="최민수")
    deliver_backlog()
    return hansang, pocha


def demo_token(slug: str, table: str) -> str | None:
    """The same code in every demo, so that links stay; a real installation gets random ones."""
    if not settings.TEST_MODE:
        return None
    digest = hashlib.sha256(f"demo table {slug} {table}".encode()).digest()
    return "".join(services.TOKEN_ALPHABET[byte % 32] for byte in digest[: services.TOKEN_LENGTH])


def _hire(store: Store, people: Iterable[tuple[str, str, str]]) -> None:
    for username, name, role in people:
        services.hire(store_id=store.id, username=username, password=None, role=role, name=name)


def _set_passwords() -> None:
    """One for all, and hashed once: the demo's people exist in test mode only. Elsewhere nobody signs in
    before `manage.py changepassword`.
    """
    if settings.TEST_MODE:
        User.objects.update(password=make_password(PASSWORD))


def _furnish(store: Store, tables: Iterable[tuple[Any, ...]]) -> None:
    for position, (name, zone, seats, shape, x, y, width, height) in enumerate(tables):
        services.add_table(
            store_id=store.id,
            name=name,
            token=demo_token(store.slug, name),
            zone=zone,
            seats=seats,
            shape=shape,
            x=x,
            y=y,
            width=width,
            height=height,
            position=position,
        )


def write_menu(store_id: UUID, parts: Iterable[Part]) -> None:
    """Drafts the store's menu and publishes it."""
    menu = Menu.objects.get(store_id=store_id)
    with atomic("menus"):
        photos = _photos(store_id)
        for position, part in enumerate(parts):
            section = Section.objects.create(menu=menu, position=position, **_texts(part.names))
            for place, dish in enumerate(part.dishes):
                _write_dish(section, place, dish, part, photos)
        publish_menu(menu_id=menu.id, actor_name="김한상")


def _write_dish(section: Section, position: int, dish: Dish, part: Part, photos: dict[str, Photo]) -> None:
    item = Item.objects.create(
        section=section,
        position=position,
        price=dish.price,
        photo=photos.get(dish.drawing),
        allergens=dish.allergens.split(),
        diet=dish.diet.split(),
        spicy=dish.spicy,
        featured=dish.featured,
        minutes=dish.minutes,
        station=dish.station or part.station,
        **_texts(dish.names, dish.texts),
    )
    for place, key in enumerate(dish.choices.split()):
        choice = CHOICES[key]
        group = OptionGroup.objects.create(
            item=item,
            position=place,
            minimum=choice.minimum,
            maximum=choice.maximum,
            **_texts(choice.names),
        )
        Option.objects.bulk_create(
            Option(group=group, position=index, price=price, **_texts(names))
            for index, (names, price) in enumerate(choice.options)
        )


def _texts(names: Names, descriptions: Names | None = None) -> dict[str, Any]:
    """The row's own (Korean) texts and its translations."""
    i18n: dict[str, dict[str, str]] = {
        code: {"name": text} for code, text in zip(LANGUAGES, names[1:], strict=True)
    }
    if descriptions is None or not any(descriptions):
        return {"name": names[0], "i18n": i18n}
    for code, text in zip(LANGUAGES, descriptions[1:], strict=True):
        i18n[code]["description"] = text
    return {"name": names[0], "description": descriptions[0], "i18n": i18n}


def _photos(store_id: UUID) -> dict[str, Photo]:
    """The project's own drawings: one file serves every width."""
    rows = []
    for name, color in COLORS.items():
        address = f"{settings.STATIC_URL}menus/demo/{name}.svg"
        rows.append(
            Photo(
                store_id=store_id,
                title=name,
                state=PhotoState.READY,
                color=color,
                addresses={"160": address, "320": address, "640": address},
            )
        )
    return {photo.title: photo for photo in Photo.objects.bulk_create(rows)}
