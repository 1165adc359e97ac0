"""A table's code as SVG and the printable sheet: A4, four cards a page.

Level Q, because tables get wet and scratched; four modules of white around each code, whatever the card's
color. The symbol is 60 mm wide, at least 1 mm a module, never under 41 mm.
"""

from typing import Any, NamedTuple
from urllib.parse import urlsplit
from uuid import UUID

import segno
from django.conf import settings
from django.contrib.staticfiles import finders
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

from events.kernel.texts import localized
from stores.models import Store, Table

VARIANTS = ("color", "ink")
CARDS_PER_PAGE = 4
QUIET_ZONE = 4
DARK = "#0b1f17"


class PdfUnavailable(Exception):
    """WeasyPrint or the system library it draws with (pango) is missing."""


class Card(NamedTuple):
    """One printed card."""

    table: str
    names: list[tuple[str, str]]  # (language, store name), the store's own language first
    svg: SafeString
    url: str
    host: str
    code: str


def table_url(token: str) -> str:
    """What a phone opens."""
    return f"{settings.PUBLIC_URL}/t/{token}/"


def code_svg(url: str) -> SafeString:
    """The code as inline SVG without a size of its own; dark on white with its quiet zone."""
    symbol = segno.make(url, error="q", boost_error=False, micro=False)
    svg = symbol.svg_inline(
        border=QUIET_ZONE, dark=DARK, light="#fff", omitsize=True, svgclass=None, lineclass=None
    )
    return mark_safe(svg)  # noqa: S308  made by segno from a URL of ours


def pages_of(store: Store, tables: list[Table], tokens: dict[UUID, str]) -> list[list[Card]]:
    """The cards of the tables, four to a page."""
    cards = [_card(store, table, tokens[table.pk]) for table in tables if table.pk in tokens]
    return [cards[start : start + CARDS_PER_PAGE] for start in range(0, len(cards), CARDS_PER_PAGE)]


def _card(store: Store, table: Table, token: str) -> Card:
    row = {"name": store.name, "i18n": store.i18n, "language": store.language}
    languages = [store.language, *(code for code in store.languages if code != store.language)]
    url = table_url(token)
    return Card(
        table=table.name,
        names=[(code, localized(row, "name", code)) for code in languages],
        svg=code_svg(url),
        url=url,
        host=urlsplit(settings.PUBLIC_URL).netloc,
        code=" ".join(token[start : start + 4] for start in range(0, len(token), 4)),
    )


def sheet_as_pdf(context: dict[str, Any]) -> bytes:
    """The sheet as a PDF. Raises PdfUnavailable."""
    try:
        from weasyprint import CSS, HTML
    except (ImportError, OSError) as error:
        raise PdfUnavailable from error
    path = finders.find("stores/sheet.css")
    html = render_to_string("stores/sheet_cards.html", context)
    brand = context["store"].brand_color
    colors = f":root {{ --brand: {brand}; --on-brand: {_ink_on(brand)} }}"
    styles = [CSS(filename=path), CSS(string=colors)]
    return bytes(HTML(string=html, url_fetcher=_no_fetching).write_pdf(stylesheets=styles) or b"")


def _ink_on(brand: str) -> str:
    """White, or black on a light color."""
    red, green, blue = (int(brand[start : start + 2], 16) for start in (1, 3, 5))
    return "#fff" if 0.299 * red + 0.587 * green + 0.114 * blue < 150 else "#000"


def _no_fetching(url: str, *args: Any, **kwargs: Any) -> Any:
    """The sheet is complete in itself: nothing is fetched while it is drawn."""
    raise ValueError(f"the sheet must not fetch {url}")
