"""A ticket is a picture that a cook can read, on any paper and in any language."""

from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops

from events.registry import handler_named
from notifications.printing.drawing import FontMissing, Look, draw, font_of, wrap
from notifications.printing.models import TicketKind
from notifications.printing.network import (
    CONNECT_SECONDS,
    DOTS_PER_SECOND,
    LONGEST_SECONDS,
    STATUS_SECONDS,
    WORD_SECONDS,
)
from notifications.printing.tickets import Ticket, TicketLine, TicketText, name_in
from tests.notifications.printer import is_marked

DISH: TicketLine = {
    "id": "1",
    "name": "국물 떡볶이",
    "i18n": {"en": {"name": "Rice cakes"}, "ja": {"name": "トッポッキ"}},
    "quantity": 2,
    "options": [],
    "note": "",
}


def ticket(**changes: Any) -> Ticket:
    return {"at": "2026-11-28T09:03:00+00:00", "table": "C2", "number": 128, "lines": [DISH], **changes}  # type: ignore[typeddict-item]


def look(kind: TicketKind = TicketKind.ORDER, **changes: Any) -> Look:
    return Look(**{"kind": kind, "language": "ko", "zone": "Asia/Seoul", "width": 576, **changes})


def differ(one: Image.Image, other: Image.Image) -> bool:
    return (
        one.size != other.size
        or ImageChops.difference(one.convert("L"), other.convert("L")).getbbox() is not None
    )


@pytest.mark.parametrize("width", [576, 384])
def test_nothing_stands_outside_the_paper(width: int) -> None:
    long = {**DISH, "name": "아주긴이름의음식" * 8, "note": "no peanuts " * 12}
    picture = draw(
        ticket(lines=[long], table="Terrace 12", guest="Hungry Fox of the North"), look(width=width)
    )
    assert picture.width == width and picture.mode == "1"
    column = picture.crop((width - 3, 0, width, picture.height))
    text_rows = [y for y in range(column.height) if column.getpixel((2, y)) == 0]
    bars_and_rules = [y for y in range(picture.height) if picture.getpixel((1, y)) == 0]
    assert text_rows == bars_and_rules  # only what goes from edge to edge touches the edge


def test_the_cook_reads_the_printers_language_and_else_the_stores() -> None:
    assert [name_in(DISH, language) for language in ("en", "ja", "zh-hans")] == [
        "Rice cakes",
        "トッポッキ",
        "국물 떡볶이",
    ]
    assert differ(draw(ticket(), look(language="ko")), draw(ticket(), look(language="en")))


def test_the_time_is_the_stores(settings: Any) -> None:
    assert differ(draw(ticket(), look()), draw(ticket(), look(zone="America/New_York")))
    same = ticket(at="2026-11-28T18:03:00+09:00")
    assert not differ(draw(same, look()), draw(ticket(), look()))


@pytest.mark.parametrize("kind", [TicketKind.CANCELED, TicketKind.VOIDED, TicketKind.MOVED, TicketKind.TEST])
def test_whatever_is_no_order_says_so_on_top(kind: TicketKind) -> None:
    assert is_marked(draw(ticket(from_table="A1"), look(kind)))
    assert not is_marked(draw(ticket(), look()))


def test_a_note_is_written_white_on_black() -> None:
    noted = draw(ticket(lines=[{**DISH, "note": "땅콩 알레르기"}]), look())
    plain = draw(ticket(), look())
    black = [sum(1 for dot in picture.get_flattened_data() if not dot) for picture in (noted, plain)]
    assert black[0] > 2 * black[1]


def test_a_rules_reason_is_printed_in_the_printers_language() -> None:
    canceled = look(TicketKind.CANCELED)
    code = draw(ticket(reason_code="by_guest"), canceled)
    assert not differ(code, draw(ticket(reason="손님이 취소함"), canceled))
    typed = draw(ticket(reason_code="sold_out", reason="땅콩이 들어 있어요"), canceled)
    assert not differ(typed, draw(ticket(reason="땅콩이 들어 있어요"), canceled))
    assert not differ(draw(ticket(reason_code="other"), canceled), draw(ticket(), canceled))


def test_a_long_order_is_printed_to_its_end() -> None:
    picture = draw(ticket(lines=[DISH] * 200), look())
    one, two = (draw(ticket(lines=[DISH] * count), look()) for count in (1, 2))
    assert picture.height == one.height + 199 * (two.height - one.height)
    end, other = (each.crop((0, each.height - 100, each.width, each.height)) for each in (picture, one))
    assert not differ(end, other)


@pytest.mark.parametrize("width", [576, 384])
def test_the_longest_dish_is_printed_within_the_time_that_a_printer_is_given(width: int) -> None:
    options: list[TicketText] = [{"name": "치즈 추가 아주 많이", "i18n": {}}] * 9
    dish: TicketLine = {**DISH, "options": options, "note": "땅콩은 빼 주세요 " * 20}
    picture = draw(ticket(lines=[dish]), look(width=width))
    assert WORD_SECONDS + picture.height / DOTS_PER_SECOND < LONGEST_SECONDS
    print_ticket = handler_named("notifications.print_ticket")
    assert (
        print_ticket and LONGEST_SECONDS + CONNECT_SECONDS + 2 * STATUS_SECONDS < print_ticket.lease_seconds
    )


@pytest.mark.parametrize(
    "text", ["a b c", "가나다라마바사아자차카타파하", "word " * 30, "", "\n\n", "x" * 500]
)
def test_wrapping_loses_no_letter_and_keeps_to_the_width(text: str) -> None:
    font = font_of(34, "ko")
    rows = wrap(text, font, 200)
    assert "".join("".join(rows).split()) == "".join(text.split())
    assert all(font.getlength(row) <= 200 for row in rows)


def test_a_long_name_without_spaces_goes_on_beside_its_number() -> None:
    font = font_of(44, "ja")
    assert wrap("2 × スープトッポッキ", font, 380)[0].startswith("2 × スープ")
    assert wrap("2 × Tteokbokkibokki", font, 380) == ["2 ×", "Tteokbokkibokki"]


def test_a_machine_without_a_font_says_what_to_install(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("notifications.printing.drawing._FONTS", ())
    settings.TICKET_FONT = str(Path("/nowhere/font.ttc"))
    font_of.cache_clear()
    with pytest.raises(FontMissing, match="Noto Sans CJK"):
        draw(ticket(), look())
    font_of.cache_clear()
