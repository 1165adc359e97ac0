"""What the sweeper looks after for the contexts, because it must not hang on Redis or Celery's timers."""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

Look = TypeVar("Look", bound=Callable[[], Any])


class Round(NamedTuple):
    """A look at the tables, repeated every so many seconds; several sweepers may look at once."""

    name: str
    look: Callable[[], Any]
    every: float


_rounds: dict[str, Round] = {}


def looked_after(*, every: float) -> Callable[[Look], Look]:
    """Has every sweeper call the function that often, in a thread of its own: no delivery waits for it."""

    def register(look: Look) -> Look:
        name = f"{look.__module__}.{look.__name__}"
        _rounds[name] = Round(name, look, every)
        return look

    return register


def rounds() -> list[Round]:
    """All of them."""
    return list(_rounds.values())
