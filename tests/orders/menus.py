"""A small menu: tteokbokki with a required spiciness and priced extras, and gimbap without options."""

from typing import Any
from uuid import UUID, uuid5

SPACE = UUID("5f1c2f0e-6f6b-4c1a-9d0a-3b8f4f1f2a11")


def uid(name: str) -> str:
    """The same id for the same name, in every test."""
    return str(uuid5(SPACE, name))


TTEOKBOKKI, GIMBAP, COLA = uid("tteokbokki"), uid("gimbap"), uid("cola")
MILD, HOT, CHEESE, EGG = uid("mild"), uid("hot"), uid("cheese"), uid("egg")


def menu_document(**prices: int) -> dict[str, Any]:
    """A menu document; keyword arguments replace prices (tteokbokki, gimbap, cola, cheese)."""
    cost = {"tteokbokki": 7000, "gimbap": 4500, "cola": 2000, "cheese": 1000, **prices}
    return {
        "language": "ko",
        "languages": ["ko", "en"],
        "sections": [
            {
                "id": uid("section"),
                "name": "분식",
                "i18n": {"en": {"name": "Snacks"}},
                "items": [
                    _item(TTEOKBOKKI, "떡볶이", "Tteokbokki", cost["tteokbokki"], _groups(cost), ["wheat"]),
                    _item(GIMBAP, "김밥", "Gimbap", cost["gimbap"], [], ["sesame"]),
                    _item(COLA, "콜라", "Cola", cost["cola"], [], []),
                ],
            }
        ],
    }


def without(document: dict[str, Any], item_id: str) -> dict[str, Any]:
    """The menu without one item."""
    for section in document["sections"]:
        section["items"] = [item for item in section["items"] if item["id"] != item_id]
    return document


def line(item_id: str = GIMBAP, quantity: int = 1, *options: str, note: str = "") -> dict[str, Any]:
    """A line as a phone sends it."""
    return {"item_id": item_id, "quantity": quantity, "options": list(options), "note": note}


def _item(
    item_id: str, name: str, english: str, price: int, groups: list[Any], allergens: list[str]
) -> dict[str, Any]:
    return {
        "id": item_id,
        "name": name,
        "description": "",
        "i18n": {"en": {"name": english, "description": f"A plate of {english}"}},
        "price": price,
        "photo": None,
        "allergens": allergens,
        "diet": [],
        "spicy": 0,
        "featured": False,
        "station": "hot",
        "minutes": 8,
        "tax_rate_bp": None,
        "option_groups": groups,
    }


def _groups(cost: dict[str, int]) -> list[dict[str, Any]]:
    return [
        {
            "id": uid("spiciness"),
            "name": "맵기",
            "i18n": {"en": {"name": "Spiciness"}},
            "required": True,
            "min": 1,
            "max": 1,
            "options": [
                {"id": MILD, "name": "순한맛", "i18n": {"en": {"name": "Mild"}}, "price": 0},
                {"id": HOT, "name": "매운맛", "i18n": {"en": {"name": "Hot"}}, "price": 0},
            ],
        },
        {
            "id": uid("extras"),
            "name": "추가",
            "i18n": {},
            "required": False,
            "min": 0,
            "max": 2,
            "options": [
                {"id": CHEESE, "name": "치즈", "i18n": {"en": {"name": "Cheese"}}, "price": cost["cheese"]},
                {"id": EGG, "name": "달걀", "i18n": {}, "price": 500},
            ],
        },
    ]
