"""The shape of a demo dish; `allergens`, `diet` and `choices` are words separated by spaces."""

from typing import NamedTuple

from config.demo.choices import Names

NOTHING: Names = ("", "", "", "")


class Dish(NamedTuple):
    names: Names
    price: int
    texts: Names = NOTHING
    drawing: str = ""
    allergens: str = ""
    diet: str = ""
    spicy: int = 0
    featured: bool = False
    minutes: int = 10
    station: str = ""  # default: the part's
    choices: str = ""


class Part(NamedTuple):
    names: Names
    station: str
    dishes: tuple[Dish, ...]
