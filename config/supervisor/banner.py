"""What the terminal says when everything runs."""

import io
import shutil
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import segno


def banner(links: Mapping[str, Any], base_url: str, seconds: float, notes: Sequence[str] = ()) -> str:
    """The links with their logins, the guest's also as a code for a phone's camera."""
    lines = [""]
    if links.get("guest"):
        guest = base_url + links["guest"]
        lines += [*_code(guest), f"  Guest    {guest}"]
    if links.get("board"):
        lines.append(f"  Board    {base_url}{links['board']}{_login(links.get('board_login'))}")
    lines.append(f"  Admin    {base_url}/admin/{_login(links.get('admin_login'))}")
    lines += [
        "",
        *(f"  {note}" for note in notes),
        f"  ready in {seconds:.1f} s, Ctrl-C stops everything",
        "",
    ]
    return "\n".join(lines)


def _login(login: Sequence[str] | None) -> str:
    return f"   {login[0]} / {login[1]}" if login else ""


def _code(url: str) -> list[str]:
    """The code in half blocks, where the terminal can show it."""
    if not sys.stdout.isatty() or "utf" not in (sys.stdout.encoding or "").lower():
        return []
    text = io.StringIO()
    segno.make(url, error="m", micro=False).terminal(text, compact=True, border=2)
    lines = text.getvalue().splitlines()
    return lines if len(lines) + 12 < shutil.get_terminal_size().lines else []
