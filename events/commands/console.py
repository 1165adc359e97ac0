"""Talks to a person or to a program: words and a bar on a terminal, one JSON document with `--json`."""

import json
import sys
import time
from typing import Any, TextIO

from django.core.serializers.json import DjangoJSONEncoder

WIDTH = 30
OK, ATTENTION, REFUSED = 0, 1, 2  # exit codes; 2 is argparse's own for wrong usage


class Console:
    """`say` is for people, `answer` for programs; progress goes to stderr, and only to a terminal."""

    def __init__(self, out: Any, err: TextIO, *, as_json: bool) -> None:
        self._out, self._err, self.as_json = out, err, as_json
        self._drawn_at = 0.0
        self._shows_bar = not as_json and hasattr(err, "isatty") and err.isatty()

    def say(self, text: str = "") -> None:
        if not self.as_json:
            self._out.write(text)

    def answer(self, data: dict[str, Any]) -> None:
        if self.as_json:
            self._out.write(json.dumps(data, cls=DjangoJSONEncoder, ensure_ascii=False, default=str))

    def refuse(self, text: str) -> int:
        """Says why not; returns the exit code."""
        if self.as_json:
            self.answer({"error": text})
        else:
            self._err.write(f"{text}\n")
        return REFUSED

    def progress(self, done: int, total: int) -> None:
        """A bar, drawn at most ten times a second."""
        is_over = done >= total
        if not self._shows_bar or not total or (time.monotonic() - self._drawn_at < 0.1 and not is_over):
            return
        self._drawn_at = time.monotonic()
        filled = WIDTH * done // total
        bar = "#" * filled + "." * (WIDTH - filled)
        self._err.write(f"\r[{bar}] {done:,} of {total:,}{chr(10) if is_over else ''}")
        self._err.flush()

    def confirms(self, question: str) -> bool:
        """Asks a person; without one (a pipe, a cron job) the answer is no."""
        if self.as_json or not sys.stdin.isatty():
            return False
        return input(f"{question} [y/N] ").strip().lower() in {"y", "yes"}

    def table(self, rows: list[tuple[Any, ...]]) -> None:
        """Columns as wide as they need; the first row is the head."""
        texts = [[str(cell) for cell in row] for row in rows]
        widths = [max(len(row[place]) for row in texts) for place in range(len(texts[0]))]
        for row in texts:
            line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            self.say(line.rstrip())
