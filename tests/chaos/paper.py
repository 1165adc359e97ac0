"""The kitchen's printer under chaos, and what must have come out of it at the end."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise

from tests.chaos.outside import SLUG
from tests.chaos.tables import Row, Tables
from tests.notifications.printer import FakePrinter, fake_printer, is_marked
from tests.stack import Stack

_ADD = """
from notifications.printing.services import add_printer
from stores.models import Store
store = Store.objects.get(slug={slug!r})
add_printer(store_id=store.pk, name="Kitchen", way="lan", host={host!r}, port={port}, language="ko")
"""
_JOBS = """
SELECT id, order_id::text, kind, state, doubts, printed_at FROM notifications_printjob
WHERE NOT is_copy ORDER BY id
"""
_OPEN = (
    "SELECT id, kind, state, problem FROM notifications_printjob WHERE state NOT IN ('printed', 'needless')"
)
_PRINTED = "SELECT count(*) FROM notifications_printjob WHERE state = 'printed'"
REVOKED = ("canceled", "rejected")
# Whose dishes nobody cooks: a ticket that is on no paper is not printed.
UNCOOKED = (*REVOKED, "expired")


@contextmanager
def plugged_in(stack: Stack) -> Iterator[FakePrinter]:
    """A printer on this machine, which prints everything for the demo store."""
    with fake_printer() as printer:
        script = _ADD.format(slug=SLUG, host=printer.host, port=printer.port)
        stack.manage("shell", "--no-imports", "-c", script)
        yield printer


def unprinted(orders: list[Row], tables: Tables, printer: FakePrinter) -> list[str]:
    """Orders and cancellations without paper, tickets that were left, and paper that never came out."""
    found = [f"the ticket {row} was left" for row in tables.rows("notifications", _OPEN)]
    jobs = _by_order(tables)
    for order, status, _, submitted, _ in orders:
        found += _missing(order, status, jobs) if submitted else []
    if printed(tables) > len(printer.tickets):
        found.append(f"{printed(tables)} tickets are held for printed, {len(printer.tickets)} came out")
    return found


def printed(tables: Tables) -> int:
    """How many tickets the house holds for printed."""
    count: int = tables.one("notifications", _PRINTED)
    return count


def _missing(order: str, status: str, jobs: dict[tuple[str, str], list[Row]]) -> list[str]:
    firsts, callings = jobs.get((order, "order"), []), jobs.get((order, "canceled"), [])
    if not firsts:
        return [f"the ticket of {order}"]
    state, doubts = firsts[0][3:5]
    if state == "needless":
        return [] if status in UNCOOKED and not doubts else [f"the ticket of {order}, {status}, on paper"]
    if status in REVOKED and not callings:
        return [f"the ticket that says that {order} is {status}"]
    return []


def doubled(orders: list[Row], tables: Tables, printer: FakePrinter) -> list[str]:
    """Second tickets of one thing, calls back of what is cooked, and paper twice without a word about it."""
    jobs, status = _by_order(tables), {row[0]: row[1] for row in orders}
    found = [f"{len(rows)} tickets {key}" for key, rows in jobs.items() if len(rows) > 1]
    found += [
        f"a ticket calls back {order}, {status.get(order)}"
        for order, kind in jobs
        if kind == "canceled" and not _is_called_back(status.get(order), jobs.get((order, "order"), []))
    ]
    pictures = Counter(each.tobytes() for each in list(printer.tickets) if not is_marked(each))
    found += [f"a ticket came out {count} times, unmarked" for count in pictures.values() if count > 1]
    return found


def _is_called_back(status: str | None, firsts: list[Row]) -> bool:
    """Only what a cook may have seen."""
    return status in REVOKED and any(row[3] == "printed" for row in firsts)


def disorder(tables: Tables) -> list[str]:
    """Tickets that came out before one that stood before them."""
    done = [row for row in tables.rows("notifications", _JOBS) if row[3] == "printed"]
    return [
        f"ticket {after[0]} came out before {before[0]}"
        for before, after in pairwise(done)
        if after[5] < before[5]
    ][:20]


def _by_order(tables: Tables) -> dict[tuple[str, str], list[Row]]:
    """(order, kind) -> its tickets."""
    found: dict[tuple[str, str], list[Row]] = {}
    for row in tables.rows("notifications", _JOBS):
        found.setdefault((row[1], row[2]), []).append(row)
    return found
