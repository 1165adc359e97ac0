"""What the product really publishes is what its events are said to hold; every handler reads it."""

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID

import jsonschema_rs
import pytest
from django.core.exceptions import ObjectDoesNotExist
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from events.asyncapi import as_asyncapi
from events.base import DomainEvent, Envelope, GiveUp
from events.catalogue import event_types, listeners
from events.kernel.databases import atomic
from events.kernel.errors import DomainError
from events.kernel.ids import new_id
from menus import services as menus
from menus.models import Item, Menu, Option, OptionGroup, Photo, Section
from orders.selectors.menus import forget_pages
from orders.storefront import forget_all
from stores import services as stores
from stores.models import Role, Store
from tests.events.contracts import (
    PUBLISHED,
    keep_published,
    keys_described,
    keys_written,
    name_of,
    path_of,
    samples,
    told_by,
)
from tests.factories import make_user
from tests.orders.conftest import Board, Phone
from tests.orders.menus import line
from tests.queue import deliver_all, published, unfinished

STRUCTURED = [kind for kind in event_types() if kind.structures]


@dataclass
class House:
    """A restaurant that fills in everything an owner may fill in."""

    store: Store
    code: str
    menu_version: int = 1

    @property
    def store_id(self) -> UUID:
        return self.store.pk

    def token(self, table: str) -> str:
        return self.code


@pytest.fixture(autouse=True)
def _fresh(settings: Any, tmp_path: Path) -> Iterator[None]:
    settings.MEDIA_ROOT = tmp_path
    forget_all()
    forget_pages()
    yield
    forget_all()
    forget_pages()


def open_house() -> House:
    hours = {"opens": "00:00", "closes": "29:59", "last_order": "29:59"}
    store = stores.open_store(
        owner=make_user("mina", first_name="Mina"),
        opening_hours=[{"weekday": day, **hours} for day in range(7)],
        slug="hansang-gangnam",
        name="한상",
        branch="강남점",
        i18n={"en": {"name": "Hansang", "branch": "Gangnam"}, "ja": {"name": "ハンサン"}},
        languages=["ko", "en", "zh-hans", "ja"],
        pay_after="tab",
        closed_dates=["2020-12-25"],
        phone="02-555-0100",
        address="서울 강남구 테헤란로 1",
    )
    spot = stores.add_table(store_id=store.pk, name="A1", zone="홀", seats=4, shape="round", x=10, y=20)
    gone = stores.add_table(store_id=store.pk, name="B2")
    stores.retire_table(table_id=gone.pk)
    house = House(store, stores.rotate_table_token(table_id=spot.pk))
    deliver_all()
    return house


def publish_menu(house: House) -> tuple[Item, Option]:
    menu = Menu.objects.get(store_id=house.store_id)
    dishes = Section.objects.create(menu=menu, name="분식", i18n={"en": {"name": "Snacks"}})
    texts = {"en": {"name": "Tteokbokki", "description": "Rice cakes in chili sauce"}}
    item = Item.objects.create(
        section=dishes, name="떡볶이", description="쌀떡과 어묵", i18n=texts, price=6500, photo=photo(house),
        allergens=["wheat"], diet=["vegetarian"], spicy=2, featured=True, station="hot", minutes=8,
        tax_rate_bp=1000,
    )  # fmt: skip
    Item.objects.create(section=dishes, name="김밥", price=4000)
    group = OptionGroup.objects.create(item=item, name="추가", i18n={"en": {"name": "Extras"}}, maximum=2)
    cheese = Option.objects.create(group=group, name="치즈", i18n={"en": {"name": "Cheese"}}, price=1000)
    menus.publish_menu(menu_id=menu.pk)
    deliver_all()
    return item, cheese


def photo(house: House) -> Photo:
    picture = BytesIO()
    Image.new("RGB", (700, 500), "#b03a12").save(picture, "JPEG")
    upload = SimpleUploadedFile("dish.jpg", picture.getvalue())
    made = menus.upload_photo(store_id=house.store_id, file=upload, title="떡볶이")
    deliver_all()
    made.refresh_from_db()
    return made


def serve_a_round(house: Any, item: Item, cheese: Option) -> None:
    phone = Phone(house)
    assert phone.join().status_code == 200
    told = phone.order(line(str(item.pk), 2, str(cheese.pk), note="안 맵게"))
    assert told.status_code == 201, told.json()
    order = told.json()
    deliver_all()
    cook = stores.hire(store_id=house.store_id, username="kim", password=None, role=Role.KITCHEN).user
    board = Board(house, cook)
    assert board.accept(order["id"]).status_code == 200
    assert board.post(f"lines/{order['lines'][0]['id']}/ready/").status_code == 200
    deliver_all()


@pytest.fixture
def story(db: None) -> list[DomainEvent]:
    """Everything that is published from the opening of a restaurant to its first dish."""
    house = open_house()
    serve_a_round(house, *publish_menu(house))
    assert not unfinished()
    return published()


def test_the_product_publishes_what_its_events_are_said_to_hold(story: list[DomainEvent]) -> None:
    """Not a key more, none that is never written, and each of the type it is said to be."""
    document = as_asyncapi()
    payloads = [(type(event), json.loads(event.payload())) for event in story]
    for kind, payload in payloads:
        schema = {**document, "$ref": f"#/components/schemas/{kind.__name__}"}
        jsonschema_rs.Draft202012Validator(schema).validate(payload)
    written = set().union(*(keys_written(kind, payload) for kind, payload in payloads))
    described = set().union(*(keys_described(kind) for kind in STRUCTURED))
    assert (written - described, described - written) == (set(), set())


def test_what_holds_structures_has_a_sample_that_the_product_published(story: list[DomainEvent]) -> None:
    if os.environ.get("KEEP_SAMPLES"):
        keep_published(event for event in story if type(event).structures)
    kept = [PUBLISHED / path_of(kind.topic, kind.version).name for kind in STRUCTURED]
    assert [name_of(path) for path in kept if not path.exists()] == [], "run this once with KEEP_SAMPLES=1"
    for path, kind in zip(kept, STRUCTURED, strict=True):
        written = keys_written(kind, json.loads(path.read_text(encoding="utf-8")))
        assert written <= keys_described(kind)


@pytest.mark.django_db
@pytest.mark.parametrize("path", samples(), ids=name_of)
def test_every_handler_reads_what_was_ever_released(path: Path) -> None:
    """A handler may refuse what it has no rows for; it may not stumble over the fact itself.

    Those that look inside structures need no rows: they run to their end.
    """
    event = DomainEvent.read(*told_by(path), path.read_text(encoding="utf-8"))
    place = {"stream": event.stream, "seq": 1, "event_id": new_id(), "correlation_id": new_id()}
    envelope = Envelope(**place, occurred_at=datetime.now(UTC))  # type: ignore[arg-type]
    excused = () if event.structures else (DomainError, GiveUp, ObjectDoesNotExist)
    for handler in listeners(type(event)):
        with suppress(*excused), atomic(handler.context):
            handler.run(event, envelope)
