"""Amounts, short figures and names as the reader of the back office writes them."""

from typing import Any

from babel.numbers import format_compact_decimal
from django.utils.translation import get_language

from events.kernel.money import format_money
from events.kernel.texts import babel_locale, localized
from stores.models import Store


def locale() -> str:
    """The reader's language as Babel calls it."""
    return babel_locale(get_language() or "en")


def money(store: Store, minor: int) -> str:
    return format_money(minor, store.currency, get_language() or "en")


def compact(value: float) -> str:
    """A short figure for above a bar: 13만, 130K."""
    return str(format_compact_decimal(value, locale=locale(), fraction_digits=0)) if value else ""


def item_name(store: Store, item: dict[str, Any]) -> str:
    """The dish in the reader's language, else in the store's."""
    return localized({**item, "language": store.language}, "name", get_language() or "en")
