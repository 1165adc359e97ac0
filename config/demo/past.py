"""Who came when, and what they had: chance with the shape of a real week, the same in every demo."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

WEEKDAYS = (0.78, 0.8, 0.88, 0.95, 1.25, 1.4, 1.12)
# Guests per hour of a day; hours past 24 belong to the night before.
LUNCH_AND_DINNER = {11: 5, 12: 15, 13: 19, 14: 9, 15: 4, 16: 4, 17: 8, 18: 17, 19: 22, 20: 17, 21: 7}
EVENINGS = {18: 8, 19: 14, 20: 18, 21: 18, 22: 14, 23: 10, 24: 6}
LANGUAGES = ("ko",) * 14 + ("en",) * 3 + ("zh-hans",) * 2 + ("ja",) * 2


@dataclass(frozen=True)
class DemoTable:
    """A table with its code."""

    table_id: Any
    name: str
    token: str
    seats: int


@dataclass(frozen=True)
class Pick:
    """One line of a round: an item of the menu document with the chosen options."""

    item: dict[str, Any]
    options: tuple[dict[str, Any], ...]
    quantity: int

    @property
    def unit_price(self) -> int:
        return int(self.item["price"]) + sum(int(option["price"]) for option in self.options)


class Chance:
    """Draws parties and their choices."""

    def __init__(self, seed: str, menu: dict[str, Any]) -> None:
        self.random = random.Random(seed)  # noqa: S311  a demo, not a secret
        self._items = [(item, section) for section in menu["sections"] for item in section["items"]]
        last = menu["sections"][-1]["id"]
        self._weights = [
            (3 if item["featured"] else 1) * (1.6 if section["id"] == last else 1)
            for item, section in self._items
        ]

    def arrivals(self, day: date, zone: ZoneInfo, hours: dict[int, int], parties: int) -> list[datetime]:
        """When parties sat down on a business day, in order."""
        wanted = round(parties * WEEKDAYS[day.weekday()] * self.random.uniform(0.9, 1.1))
        drawn = self.random.choices(list(hours), list(hours.values()), k=wanted)
        midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
        return sorted(midnight + timedelta(hours=hour, seconds=self.random.randrange(3600)) for hour in drawn)

    def picks(self) -> list[Pick]:
        """What one round orders: one to four lines."""
        count = self.random.choices((1, 2, 3, 4), (25, 40, 25, 10))[0]
        chosen = {
            item["id"]: item for item, _section in self.random.choices(self._items, self._weights, k=count)
        }
        return [
            Pick(item, tuple(self._options(item)), self.random.choices((1, 2, 3), (82, 15, 3))[0])
            for item in chosen.values()
        ]

    def _options(self, item: dict[str, Any]) -> Iterator[dict[str, Any]]:
        for group in item["option_groups"]:
            if group["required"]:
                yield self.random.choice(group["options"])
            elif self.random.random() < 0.3:
                yield self.random.choice(group["options"])

    def happens(self, share: float) -> bool:
        return self.random.random() < share

    def seconds(self, middle: float, spread: float = 0.7) -> timedelta:
        """A waiting time: mostly near `middle`, sometimes much longer."""
        return timedelta(seconds=min(middle * 4, self.random.lognormvariate(0, spread) * middle))

    def table(self, tables: Sequence[DemoTable], busy: dict[str, datetime], at: datetime) -> DemoTable | None:
        """A free table, if there is one."""
        free = [table for table in tables if busy.get(table.name, at) <= at]
        return self.random.choice(free) if free else None

    def language(self) -> str:
        return self.random.choice(LANGUAGES)
