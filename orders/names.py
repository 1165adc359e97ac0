"""Made-up names and colors for phones, so that nobody has to say who they are."""

from functools import lru_cache

from django.utils import translation
from django.utils.translation import gettext, gettext_noop

ANIMALS = (
    gettext_noop("Whale"),
    gettext_noop("Fox"),
    gettext_noop("Rabbit"),
    gettext_noop("Bear"),
    gettext_noop("Otter"),
    gettext_noop("Owl"),
    gettext_noop("Tiger"),
    gettext_noop("Squirrel"),
    gettext_noop("Penguin"),
    gettext_noop("Deer"),
    gettext_noop("Seal"),
    gettext_noop("Swan"),
    gettext_noop("Hedgehog"),
    gettext_noop("Dolphin"),
    gettext_noop("Magpie"),
    gettext_noop("Turtle"),
    gettext_noop("Panda"),
    gettext_noop("Crane"),
    gettext_noop("Raccoon"),
    gettext_noop("Koala"),
)
# White text on each of these has a contrast of at least 4.5:1; neighbors differ in lightness and hue.
COLORS = ("#0e6b4b", "#b03a12", "#1d4ed8", "#7e22ce", "#be123c", "#0b6e78", "#8a5a00", "#374151")


def color_of(number: int) -> str:
    """The color of a tab's n-th phone."""
    return COLORS[number % len(COLORS)]


def display_name(nickname: str, animal: int, language: str | None = None) -> str:
    """The nickname, or the animal's name in `language` (default: the reader's)."""
    return nickname or _animal(animal % len(ANIMALS), language or translation.get_language() or "en")


@lru_cache(maxsize=256)
def _animal(number: int, language: str) -> str:
    with translation.override(language):
        return gettext(ANIMALS[number])
