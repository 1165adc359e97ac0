"""When a copy of another context's row may be written over."""

from typing import Protocol


class Versioned(Protocol):
    """A copied row that knows its owner's version."""

    version_number: int


def may_save(known: Versioned | None, version_number: int, over: int | None) -> bool:
    """Whether what was told is newer than what is `known`; a rebuild overwrites all up to version `over`."""
    return known is None or known.version_number <= (version_number - 1 if over is None else over)
