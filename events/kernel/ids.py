"""Identifiers that sort by time and cannot be guessed."""

from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """A UUIDv7: the newest rows are neighbors in the index; 74 random bits keep it unguessable."""
    return uuid7()
