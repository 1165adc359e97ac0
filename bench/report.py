"""The table at the end: each measurement beside its baseline of the same run."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One comparison; `ratio` ≥ `floor` (or ≤, for latencies and bytes) is the product's promise."""

    what: str
    ours: str
    baseline: str
    ratio: float | None
    floor: str
    holds: bool


def print_table(rows: list[Row], notes: list[str]) -> None:
    head = ("measurement", "Hansang", "baseline", "ratio", "floor", "")
    cells = [
        (
            row.what,
            row.ours,
            row.baseline,
            "" if row.ratio is None else f"{row.ratio:.2f}×",
            row.floor,
            "ok" if row.holds else "MISSED",
        )
        for row in rows
    ]
    widths = [max(len(line[i]) for line in [head, *cells]) for i in range(len(head))]
    for line in [head, tuple("-" * width for width in widths), *cells]:
        print("| " + " | ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)) + " |")
    for note in notes:
        print(note)
