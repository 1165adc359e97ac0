"""What was proven stands in the pages as it was measured: nobody types it."""

import json
from typing import Any

from tests.chaos.report import JSON, MARKS, PAGE, README, page, summary


def _runs() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = json.loads(JSON.read_text(encoding="utf-8"))
    return found


def test_the_page_is_what_the_runs_found() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(_runs()), "run: python -m tests.chaos.report"


def test_the_table_of_the_readme_is_what_the_runs_found() -> None:
    [part] = MARKS.finditer(README.read_text(encoding="utf-8"))
    assert part[0] == part[1] + summary(_runs()) + part[2], "run: python -m tests.chaos.report"
