"""Three weeks of past orders, so that no screen of the owner is empty."""

from uuid import UUID


def write_history(store_id: UUID) -> int:
    """Writes the past directly, without events; returns the number of orders."""
    return 0
