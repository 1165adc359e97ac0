"""The public half of the guest's page: store, table and menu in one language, kept as bytes."""

from __future__ import annotations

import gzip
import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from events.kernel.texts import localized
from orders.hours import Opening, opening_at
from orders.storefront import FRESH_SECONDS, Storefront, TableCode, storefront_of

MAX_PAGES = 512


@dataclass(frozen=True)
class PublicPage:
    """What anybody with the code may read. `body` ends before the closing brace: a tab may follow."""

    document: dict[str, Any]
    body: bytes
    language: str
    # Rendered HTML and compressed copies, made once by whoever needs them first.
    made: dict[str, bytes] = field(default_factory=dict)

    @property
    def anonymous(self) -> bytes:
        return self.body + b',"tab":null,"guest":null}'

    def compressed(self, key: str, plain: bytes) -> bytes:
        """The gzip form of one of the page's representations."""
        name = f"{key}.gz"
        if name not in self.made:
            self.made[name] = gzip.compress(plain, 6, mtime=0)
        return self.made[name]


@dataclass
class _Kept:
    """A page in memory: right for a revision and an opening, looked at again after a second."""

    revision: int
    opening: Opening
    page: PublicPage
    checked: float


_pages: dict[tuple[str, str], _Kept] = {}


def public_page(code: TableCode, language: str, at: datetime) -> PublicPage:
    """The page for a code in the nearest language the store offers; no query when this process has it."""
    key, now = (code.token, language.lower()), time.monotonic()
    kept = _pages.get(key)
    if kept is not None and kept.revision == code.revision and now - kept.checked < FRESH_SECONDS:
        return kept.page
    front = storefront_of(code.store_id, code.revision)
    opening = opening_at(front.settings, at)
    if kept is None or (kept.revision, kept.opening) != (code.revision, opening):
        kept = _Kept(code.revision, opening, _make_page(code, front, language, opening), now)
        if len(_pages) >= MAX_PAGES:
            _pages.clear()
        _pages[key] = kept
    kept.checked = now
    return kept.page


def forget_pages() -> None:
    """Empties the process's memory (tests)."""
    _pages.clear()


def _make_page(code: TableCode, front: Storefront, language: str, opening: Opening) -> PublicPage:
    language = offered_language(front.settings, language)
    document = public_document(code, front, language, opening)
    return PublicPage(document, msgspec.json.encode(document)[:-1], language)


def offered_languages(settings: dict[str, Any]) -> list[str]:
    """The store's languages as Django writes them, its main one first."""
    codes = [settings.get("language") or "en", *settings.get("languages", [])]
    return list(dict.fromkeys(code.lower() for code in codes))


def offered_language(settings: dict[str, Any], wanted: str) -> str:
    """`wanted` if the store offers it, else English, else the store's own."""
    offered = offered_languages(settings)
    for code in (wanted.lower(), "en"):
        if code in offered:
            return code
    return offered[0]


def public_document(code: TableCode, front: Storefront, language: str, opening: Opening) -> dict[str, Any]:
    """{"store", "table", "menu"} as GET /api/v1/t/<token>/ shows them."""
    return {
        "store": _store(front, language, opening),
        "table": {
            "id": str(code.table_id),
            "name": code.table_name,
            "seats": code.table.get("seats", 0),
        },
        "menu": _menu(front, language),
    }


def store_names(settings: dict[str, Any], language: str) -> dict[str, str]:
    """The store's name and branch in a language."""
    return {"name": localized(settings, "name", language), "branch": localized(settings, "branch", language)}


def _store(front: Storefront, language: str, opening: Opening) -> dict[str, Any]:
    settings, span = front.settings, opening.span
    accepting = settings.get("accepting_orders", True)
    return {
        "id": str(front.store_id),
        "slug": settings["slug"],
        **store_names(settings, language),
        "currency": settings["currency"],
        "timezone": settings["timezone"],
        "language": front.language,
        "languages": offered_languages(settings),
        "brand_color": settings.get("brand_color", ""),
        "pay_after": settings["pay_after"],
        "open": opening.is_open,
        "opens_at": f"{span.opens:%H:%M}" if span else None,
        "opens_on": span.opens.date().isoformat() if span else None,
        "closes_at": f"{span.closes:%H:%M}" if span else None,
        "last_order": f"{span.last_order:%H:%M}" if span else None,
        "accepting": bool(accepting and opening.takes_orders),
        "paused": not accepting,
        "message": settings.get("pause_message", "") if not accepting else "",
    }


def _menu(front: Storefront, language: str) -> dict[str, Any] | None:
    if front.menu is None:
        return None
    main = front.menu.language
    return {
        "version": front.menu.version,
        "sections": [
            {
                "id": section["id"],
                "name": _text(section, "name", main, language),
                "items": [_item(item, front, main, language) for item in section.get("items", [])],
            }
            for section in front.menu.document.get("sections", [])
        ],
    }


def _item(item: dict[str, Any], front: Storefront, main: str, language: str) -> dict[str, Any]:
    return {
        "id": item["id"],
        "name": _text(item, "name", main, language),
        "original_name": item["name"],
        "description": _text(item, "description", main, language),
        "price": item["price"],
        "photo": item.get("photo"),
        "allergens": item.get("allergens") or [],
        "diet": item.get("diet") or [],
        "spicy": item.get("spicy") or 0,
        "featured": bool(item.get("featured")),
        "sold_out": item["id"] in front.sold_out,
        "minutes": item.get("minutes"),
        "option_groups": [_group(group, front, main, language) for group in item.get("option_groups", [])],
    }


def _group(group: dict[str, Any], front: Storefront, main: str, language: str) -> dict[str, Any]:
    return {
        "id": group["id"],
        "name": _text(group, "name", main, language),
        "required": bool(group.get("required")),
        "min": group.get("min") or 0,
        "max": group.get("max") or 0,
        "options": [
            {
                "id": option["id"],
                "name": _text(option, "name", main, language),
                "price": option["price"],
                "sold_out": option["id"] in front.sold_out,
            }
            for option in group.get("options", [])
        ],
    }


def _text(row: dict[str, Any], name: str, main: str, language: str) -> str:
    return localized({**row, "language": main}, name, language)
