"""What stands on a ticket, made of the facts it tells of. Knows no paper and no language."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NotRequired, TypedDict
from uuid import UUID

from notifications.printing.models import TicketKind

# About a quarter of a meter of paper.
SHEET_ROWS = 30
ROW_LETTERS = 9


class TicketText(TypedDict):
    """A name in the store's language, and the same by language."""

    name: str
    i18n: Mapping[str, Any]


class TicketLine(TicketText):
    """A dish: how many, with what, and what the guest wrote about it."""

    id: str
    quantity: int
    options: list[TicketText]
    note: str


class Ticket(TypedDict):
    """`at` is ISO 8601 in UTC; `lines` are what to cook, or what not to cook any more.

    `reason` is what a person typed; `reason_code` a rule's, for the printer's language.
    """

    at: str
    table: str
    number: NotRequired[int]
    sheet: NotRequired[str]
    guest: NotRequired[str]
    from_table: NotRequired[str]
    reason: NotRequired[str]
    reason_code: NotRequired[str]
    lines: list[TicketLine]


@dataclass(frozen=True, kw_only=True)
class News:
    """What happened, as far as a kitchen must hear of it. `lines` are sold lines of the order's own facts."""

    kind: TicketKind
    store_id: UUID
    tab_id: UUID
    table: str
    order_id: UUID | None = None
    number: int | None = None
    guest: str = ""
    lines: Sequence[Mapping[str, Any]] = ()
    line_id: UUID | None = None
    reason: str = ""
    reason_code: str = ""
    from_table: str = ""
    into_tab_id: UUID | None = None


def sheets_of(news: News, lines: Sequence[TicketLine], at: datetime) -> list[Ticket]:
    """The ticket that tells it; a long one is cut into sheets ("2/3"), each printed by itself."""
    parts = _cut(lines)
    sheets = [_ticket(news, part, at) for part in parts]
    if len(sheets) > 1:
        for number, sheet in enumerate(sheets, start=1):
            sheet["sheet"] = f"{number}/{len(sheets)}"
    return sheets


def _ticket(news: News, lines: list[TicketLine], at: datetime) -> Ticket:
    ticket: Ticket = {"at": at.isoformat(), "table": news.table, "lines": lines}
    if news.number is not None:
        ticket["number"] = news.number
    if news.guest:
        ticket["guest"] = news.guest
    if news.from_table:
        ticket["from_table"] = news.from_table
    if news.reason:
        ticket["reason"] = news.reason
    if news.reason_code:
        ticket["reason_code"] = news.reason_code
    return ticket


def _cut(lines: Sequence[TicketLine]) -> list[list[TicketLine]]:
    parts: list[list[TicketLine]] = [[]]
    rows = 0
    for line in lines:
        if parts[-1] and rows + _rows(line) > SHEET_ROWS:
            parts.append([])
            rows = 0
        parts[-1].append(line)
        rows += _rows(line)
    return parts


def _rows(line: TicketLine) -> int:
    """About how many rows a dish takes on the narrower paper."""
    texts = [line["name"], *(option["name"] for option in line["options"]), line["note"]]
    return sum(1 + len(text) // ROW_LETTERS for text in texts if text)


def sample_ticket(at: datetime, table: str) -> Ticket:
    """What a test prints: everything that a real one may show, in all alphabets."""
    dish: TicketLine = {
        "id": "",
        "name": "국물 떡볶이",
        "i18n": {
            "en": {"name": "Rice cakes in broth"},
            "zh-hans": {"name": "汤汁炒年糕"},
            "ja": {"name": "スープトッポッキ"},
        },
        "quantity": 2,
        "options": [
            {
                "name": "치즈",
                "i18n": {"en": {"name": "Cheese"}, "zh-hans": {"name": "芝士"}, "ja": {"name": "チーズ"}},
            }
        ],
        "note": "",
    }
    return {"at": at.isoformat(), "table": table, "number": 0, "lines": [dish]}


def line_of(line: Mapping[str, Any]) -> TicketLine:
    """What a cook must know of a sold line."""
    return {
        "id": str(line.get("id", "")),
        "name": str(line["name"]),
        "i18n": line.get("i18n") or {},
        "quantity": int(line["quantity"]),
        "options": [_text(option) for option in line.get("options", ())],
        "note": str(line.get("note", "")),
    }


def _text(option: Mapping[str, Any]) -> TicketText:
    return {"name": str(option["name"]), "i18n": option.get("i18n") or {}}


def name_in(text: TicketText, language: str) -> str:
    """The name that the cook reads; the store's own where there is no translation."""
    translated = text["i18n"].get(language)
    name = translated.get("name") if isinstance(translated, Mapping) else translated
    return str(name or text["name"])
