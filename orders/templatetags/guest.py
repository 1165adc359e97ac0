"""What the guest page's template needs: prices, tags, the featured dishes and the data for the browser."""

import json
import re
from typing import Any

from django import template
from django.urls import NoReverseMatch, reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from events.kernel.money import format_money
from orders.guest_texts import allergen_name, diet_name, guest_texts

register = template.Library()

DEFAULT_BRAND = "#0e6b4b"
_UNSAFE_IN_ATTRIBUTE = {ord("&"): "&amp;", ord("'"): "&#39;", ord("<"): "&lt;", ord(">"): "&gt;"}
_UNSAFE_IN_SCRIPT = {ord(">"): "\\u003E", ord("<"): "\\u003C", ord("&"): "\\u0026"}


@register.filter
def price(minor: int, currency: str) -> str:
    """6500|price:"KRW" -> "6,500원" in the page's language."""
    return format_money(minor, currency, get_language() or "en")


@register.filter
def featured(menu: dict[str, Any] | None) -> list[dict[str, Any]]:
    """The dishes of the rail at the top: the store's favorites that can be ordered."""
    sections = (menu or {}).get("sections", [])
    dishes = {
        item["id"]: item
        for section in sections
        for item in section["items"]
        if item.get("featured") and not item.get("sold_out") and item.get("photo")
    }
    return list(dishes.values())[:6]


@register.filter
def hero(menu: dict[str, Any] | None) -> dict[str, Any] | None:
    """The photo beside the store's name: the last of the favorites."""
    dishes = featured(menu)
    return dishes[-1]["photo"] if dishes else None


@register.filter
def spicy_label(level: int) -> str:
    return {1: _("A little spicy"), 2: _("Spicy"), 3: _("Very spicy")}.get(level, "")


@register.filter
def allergens(codes: list[str]) -> str:
    """["wheat", "egg"]|allergens -> "wheat · egg" in the page's language."""
    return " · ".join(allergen_name(code) for code in codes)


@register.filter
def diet_label(code: str) -> str:
    return diet_name(code)


@register.filter
def brand_href(color: str | None) -> str:
    """The stylesheet of a store's color; nothing for the default color, which the tokens hold already."""
    if not color or color.lower() == DEFAULT_BRAND or not re.fullmatch(r"#[0-9a-fA-F]{6}", color):
        return ""
    try:
        return reverse("brand-css", kwargs={"color": color[1:].lower()})
    except NoReverseMatch:
        return ""


def _lean(value: Any) -> Any:
    """Without empty values: the browser reads an absent one the same way."""
    if isinstance(value, dict):
        lean = {key: _lean(item) for key, item in value.items()}
        return {key: item for key, item in lean.items() if item not in (None, "", [], False)}
    return [_lean(item) for item in value] if isinstance(value, list) else value


def _compact(value: Any) -> str:
    return json.dumps(_lean(value), ensure_ascii=False, separators=(",", ":"), default=str)


@register.filter
def item_data(item: dict[str, Any]) -> SafeString:
    """What the page does not show of a dish, for a single-quoted attribute beside its texts."""
    data = {key: item.get(key) for key in ("price", "allergens", "diet", "spicy", "minutes")}
    # Groups are told apart within a dish, and ordered by their options alone: a long id is only weight.
    groups = enumerate(item.get("option_groups") or [], 1)
    data["option_groups"] = [{**group, "id": str(place)} for place, group in groups]
    photo = item.get("photo") or {}
    data["photo"] = photo.get("w640") or photo.get("w320")
    if item.get("original_name") != item["name"]:
        data["original_name"] = item.get("original_name")
    return mark_safe(_compact(data).translate(_UNSAFE_IN_ATTRIBUTE))  # noqa: S308 -- escaped for its place


@register.simple_tag
def page_data(document: dict[str, Any]) -> SafeString:
    """{"store", "table", "menu": {"version"}, "texts"} as a data block that the strict policy allows."""
    menu = document.get("menu") or {}
    codes = {
        code
        for section in menu.get("sections", [])
        for item in section["items"]
        for code in (*item["allergens"], *item["diet"])
    }
    data = {
        "store": document["store"],
        "table": document["table"],
        "menu": {"version": menu.get("version")},
        "texts": guest_texts(codes),
    }
    text = _compact(data).translate(_UNSAFE_IN_SCRIPT)
    return mark_safe(f'<script type="application/json" id="page">{text}</script>')  # noqa: S308 -- cannot end it
