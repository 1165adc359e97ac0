"""Prints what `notifications.handlers` had written."""

from events.base import Envelope
from events.registry import subscribe
from notifications.events import TicketQueued
from notifications.printing import services

# A ticket is given up by its age (`MISSED_AFTER`), never by its attempts: a dead letter would hold up the
# tickets after it, and a kitchen with paper again must print.
ATTEMPTS = 1000


@subscribe(
    TicketQueued,
    name=services.SENDER,
    external=True,
    max_attempts=ATTEMPTS,
    lease_seconds=30,  # the longest sheet takes less (network.py)
    backoff_cap_seconds=15,  # a cook who has put in paper waits for it
    replayable=False,  # "Print again" marks the copy, and asks for one ticket at a time
    lane="printers",
)
def print_ticket(event: TicketQueued, envelope: Envelope) -> None:
    """One ticket to its printer; the tickets of a printer go one after the other."""
    services.print_ticket(number=event.job_number, round=event.round)
