"""The picture of printing.md, drawn as a printer gets it: `python docs/tickets.py`."""

import os
import sys
from pathlib import Path

import django
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
EDGE, GRAY = 16, 210


def main() -> None:
    sys.path.insert(0, str(ROOT))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    os.environ.setdefault("TEST_MODE", "1")
    django.setup()
    tickets = drawn()
    width = EDGE + sum(ticket.width + EDGE for ticket in tickets)
    table = Image.new("L", (width, max(ticket.height for ticket in tickets) + 2 * EDGE), GRAY)
    x = EDGE
    for ticket in tickets:
        table.paste(ticket, (x, EDGE))
        x += ticket.width + EDGE
    half = table.resize((table.width // 2, table.height // 2))
    half.quantize(16).save(ROOT / "docs" / "pictures" / "tickets.png", optimize=True)


def drawn() -> list[Image.Image]:
    """The same order on both papers: for Korean and for Japanese cooks, and canceled."""
    from notifications.printing.drawing import Look, draw
    from notifications.printing.models import TicketKind
    from notifications.printing.tickets import Ticket, sample_ticket
    from django.utils import timezone  # isort: skip

    ticket: Ticket = {**sample_ticket(timezone.now(), "C2"), "number": 128, "guest": "Fox"}
    ticket["lines"][0]["note"] = "No peanuts, please"
    korean = draw(ticket, Look(TicketKind.ORDER, "ko", "Asia/Seoul", 576, "한상 분식 · 주방"))
    doubt = ("重複の可能性！ 要確認",)
    japanese = draw(ticket, Look(TicketKind.ORDER, "ja", "Asia/Seoul", 384, "한상 분식 · 바", doubt))
    canceled = draw(ticket, Look(TicketKind.CANCELED, "en", "Asia/Seoul", 576, "한상 분식 · Kitchen"))
    return [korean, japanese, canceled]


if __name__ == "__main__":
    main()
