"""Draws a ticket as a picture of black and white dots: a printer needs to know no alphabet for it.

Sizes are dots of a print head of 203 dpi: eight are a millimeter.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from PIL import Image, ImageDraw, ImageFont

from events.timeline import reason_in_words
from notifications.printing.models import TicketKind
from notifications.printing.tickets import Ticket, TicketLine, name_in

MARGIN = 8
HUGE, BIG, MIDDLE, SMALL = 72, 44, 34, 26
# The paper to begin with; it grows, for a ticket that ends in the middle is a dish that nobody cooks.
FIRST_HEIGHT = 2000
_FONTS = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Bold.ttc",
    "/usr/share/fonts/noto-cjk/NotoSansCJK-Bold.ttc",
    "/usr/share/fonts/google-noto-cjk/NotoSansCJK-Bold.ttc",
    "/usr/share/fonts/truetype/nanum/NanumGothicBold.ttf",
    "/System/Library/Fonts/AppleSDGothicNeo.ttc",
    "C:/Windows/Fonts/malgunbd.ttf",
)
# Noto's collections hold one face per language, in this order.
_FACES = {"ja": 0, "ko": 1, "en": 1, "zh-hans": 2}


class FontMissing(Exception):
    """This machine has no font for tickets."""


@dataclass(frozen=True)
class Look:
    """How a ticket is drawn. `marks` stand on top: that it is a copy, or may have come out before."""

    kind: TicketKind
    language: str
    zone: str
    width: int
    footer: str = ""
    marks: tuple[str, ...] = field(default=())


def draw(ticket: Ticket, look: Look) -> Image.Image:
    """The ticket as a picture of mode "1", `look.width` wide. Raises FontMissing."""
    with translation.override(look.language):
        pen = _Pen(look.width, look.language)
        _draw_head(pen, ticket, look)
        for line in ticket["lines"]:
            _draw_line(pen, line, look)
        if why := _why(ticket):
            pen.text(why, SMALL)
        pen.rule()
        pen.text(look.footer, SMALL)
    return pen.picture()


def _draw_head(pen: "_Pen", ticket: Ticket, look: Look) -> None:
    for mark in [*look.marks, *_titles(ticket, look.kind)]:
        pen.bar(mark)
    number = _("No. %(n)s") % {"n": ticket["number"]} if ticket.get("number") else ""
    pen.pair(ticket["table"], f"{number} {ticket.get('sheet', '')}".strip(), HUGE, BIG)
    at = datetime.fromisoformat(ticket["at"]).astimezone(ZoneInfo(look.zone))
    pen.pair(f"{at:%H:%M}", ticket.get("guest", ""), MIDDLE, SMALL)
    pen.rule()


def _titles(ticket: Ticket, kind: TicketKind) -> Iterator[str]:
    if kind == TicketKind.CANCELED:
        yield pgettext("on a kitchen ticket", "CANCELED: do not cook")
    elif kind == TicketKind.VOIDED:
        yield pgettext("on a kitchen ticket", "TAKEN OFF")
    elif kind == TicketKind.TEST:
        yield pgettext("on a kitchen ticket", "TEST")
    elif kind == TicketKind.MOVED:
        places = {"from": ticket.get("from_table", ""), "to": ticket["table"]}
        yield pgettext("on a kitchen ticket", "MOVED: %(from)s → %(to)s") % places


def _why(ticket: Ticket) -> str:
    """What a person typed, else the rule's reason in the printer's language."""
    return reason_in_words(ticket.get("reason", ""), ticket.get("reason_code", ""))


def _draw_line(pen: "_Pen", line: TicketLine, look: Look) -> None:
    is_struck = look.kind in (TicketKind.CANCELED, TicketKind.VOIDED)
    pen.text(f"{line['quantity']} × {name_in(line, look.language)}", BIG, struck=is_struck)
    for option in line["options"]:
        pen.text(f"+ {name_in(option, look.language)}", MIDDLE, indent=48)
    if line["note"]:
        pen.bar(line["note"], MIDDLE)
    pen.space(8)


class _Pen:
    """Writes down the paper, from the top."""

    def __init__(self, width: int, language: str) -> None:
        self.width, self.language, self.y = width, language, MARGIN
        self.image = Image.new("1", (width, FIRST_HEIGHT), 1)
        self.canvas = ImageDraw.Draw(self.image)

    def picture(self) -> Image.Image:
        return self.image.crop((0, 0, self.width, self.y + MARGIN))

    def _need(self, dots: int) -> None:
        """Makes the paper longer before something is written past its end."""
        height = self.image.height
        while self.y + dots + MARGIN > height:
            height *= 2
        if height > self.image.height:
            longer = Image.new("1", (self.width, height), 1)
            longer.paste(self.image, (0, 0))
            self.image, self.canvas = longer, ImageDraw.Draw(longer)

    def space(self, dots: int) -> None:
        self.y += dots

    def rule(self) -> None:
        self._need(14)
        self.canvas.line((0, self.y + 4, self.width, self.y + 4), fill=0, width=3)
        self.y += 14

    def text(self, text: str, size: int, *, indent: int = 0, struck: bool = False) -> None:
        font = font_of(size, self.language)
        rows = wrap(text, font, self.width - indent - 2 * MARGIN)
        self._need(len(rows) * _height(size))
        for row in rows:
            x = MARGIN + indent
            self.canvas.text((x, self.y), row, font=font, fill=0)
            if struck:
                middle = self.y + size * 0.75
                self.canvas.line((x, middle, x + font.getlength(row), middle), fill=0, width=4)
            self.y += _height(size)

    def bar(self, text: str, size: int = BIG) -> None:
        """White on black: nobody reads past it."""
        font = font_of(size, self.language)
        rows = wrap(text, font, self.width - 4 * MARGIN)
        self._need(len(rows) * _height(size) + 2 * MARGIN)
        bottom = self.y + len(rows) * _height(size) + MARGIN
        self.canvas.rectangle((0, self.y, self.width, bottom), fill=0)
        for number, row in enumerate(rows):
            self.canvas.text((2 * MARGIN, self.y + number * _height(size)), row, font=font, fill=1)
        self.y = bottom + MARGIN

    def pair(self, left: str, right: str, left_size: int, right_size: int) -> None:
        """The right one stands beside the left one where there is room, below it where there is none."""
        font = font_of(right_size, self.language)
        left_end = MARGIN + font_of(left_size, self.language).getlength(left)
        right_width = font.getlength(right)
        if left_end + 2 * MARGIN + right_width + MARGIN <= self.width:
            self._need(_height(left_size))
            drop = (left_size - right_size) * 0.9
            self.canvas.text((self.width - MARGIN - right_width, self.y + drop), right, font=font, fill=0)
            return self.text(left, left_size)
        self.text(left, left_size)
        self.text(right, right_size)


def _height(size: int) -> int:
    return round(size * 1.4)


def wrap(text: str, font: ImageFont.FreeTypeFont, width: float) -> list[str]:
    """The text in rows no wider than `width`: broken at spaces, and anywhere in words that are written so."""
    rows: list[str] = []
    for paragraph in text.splitlines():
        row = ""
        for word in paragraph.split():
            longer = f"{row} {word}".strip()
            if row and not _breaks_anywhere(word) and font.getlength(longer) > width:
                rows.append(row)
                longer = word
            *full, row = _broken(longer, font, width)
            rows += full
        rows += [row] if row else []
    return rows


def _breaks_anywhere(word: str) -> bool:
    """Han and Kana stand without spaces: a long name goes on beside its number, not below it."""
    return any("\u3040" <= letter <= "\u30ff" or "\u4e00" <= letter <= "\u9fff" for letter in word)


def _broken(word: str, font: ImageFont.FreeTypeFont, width: float) -> list[str]:
    parts = [""]
    for letter in word:
        if parts[-1] and font.getlength(parts[-1] + letter) > width:
            parts.append("")
        parts[-1] += letter
    return parts


@lru_cache(maxsize=32)
def font_of(size: int, language: str) -> ImageFont.FreeTypeFont:
    """The font for tickets. Raises FontMissing when the machine has none."""
    path = next((path for path in (settings.TICKET_FONT, *_FONTS) if path and Path(path).exists()), None)
    if path is None:
        raise FontMissing("no font for tickets: install Noto Sans CJK or name a font by TICKET_FONT")
    face = _FACES.get(language, 0) if "NotoSansCJK" in path else 0
    return ImageFont.truetype(path, size, index=face)
