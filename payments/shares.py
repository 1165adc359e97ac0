"""Arithmetic of bills: whole minor units in, whole minor units out, nothing lost in rounding."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class BillSums:
    """A bill in numbers, minor units. `total` is what the lines are still worth: their price, less what
    was taken off and what staff gave back of it. `refunding` is promised to the guest: on its way, or refused
    by the bank and waiting for a person."""

    total: int
    captured: int
    refunded: int
    refunding: int
    reserved: int

    @property
    def held(self) -> int:
        """What the store keeps once every refund under way is done."""
        return self.captured - self.refunded - self.refunding

    @property
    def due(self) -> int:
        """What is still owed."""
        return max(0, self.total - self.held)

    @property
    def rest(self) -> int:
        """What is owed and not being paid by somebody right now."""
        return max(0, self.due - self.reserved)

    @property
    def surplus(self) -> int:
        """What must go back."""
        return max(0, self.held - self.total)

    @property
    def is_paid(self) -> bool:
        return self.total > 0 and self.held >= self.total


@dataclass(frozen=True)
class Shares:
    """What a phone may pay of a bill now, minor units: `rest` is all that nobody else is paying."""

    rest: int
    mine: int
    # How many parts -> what even shares of that size hold, the oldest first.
    taken: Mapping[int, Sequence[int]]

    def even(self, parts: int) -> int:
        """The next of `parts` even shares: of what is free and what the set that is not full yet holds.

        So the last of an unchanged set carries the rounding alone, and of a late dish only a share.
        """
        taken = self.taken.get(parts, ())
        current = taken[len(taken) // parts * parts :]
        share = even_share(self.rest + sum(current), parts, len(current))
        return min(self.rest, max(1, share))


def even_share(total: int, parts: int, index: int) -> int:
    """The share number `index` (from 0) of `parts`; the last one carries the remainder. They sum up exactly.

    even_share(10000, 3, 0) == 3333; even_share(10000, 3, 2) == 3334.
    """
    share = total // parts
    return total - share * (parts - 1) if index >= parts - 1 else share


def spread(amount: int, weights: Sequence[int]) -> list[int]:
    """Parts of `amount` in proportion to `weights`, none above its weight. They sum up exactly (capped).

    spread(900, [633, 700]) == [427, 473].
    """
    whole = sum(weights)
    amount = min(amount, whole)
    parts, before = [], 0
    for weight in weights:
        parts.append((before + weight) * amount // whole - before * amount // whole if whole else 0)
        before += weight
    return parts
