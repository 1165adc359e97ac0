"""Identifiers that sort by time and cannot be guessed."""

import time
from datetime import timedelta
from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """A UUIDv7: the newest rows are neighbors in the index; 74 random bits keep it unguessable."""
    return uuid7()


def age_of(made: UUID) -> timedelta:
    """How long ago `new_id` made this id; negative or absurd for an id that is not one of ours."""
    return timedelta(milliseconds=time.time_ns() // 1_000_000 - (made.int >> 80))
