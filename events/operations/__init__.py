"""What a person may do to the queue. Every act leaves a row saying who did it and why.

`plan()` says beforehand exactly what would happen and changes nothing; the acts follow the same plan, in
batches under row locks. They take a `Selection`, or a queryset of deliveries.
"""

from events.operations.acts import assign, discard, replay, retry
from events.operations.history import Actor
from events.operations.pauses import is_known, pause, paused_among, resume, waiting_for
from events.operations.planning import (
    ASSIGN,
    DISCARD,
    PAUSE,
    REPLAY,
    RESUME,
    RETRY,
    WEB_LIMIT,
    HasChanged,
    Outcome,
    Plan,
    ReasonMissing,
    TooMany,
    UnknownHandler,
    applies,
    plan,
)
from events.operations.selection import Selection

__all__ = [
    "ASSIGN",
    "DISCARD",
    "PAUSE",
    "REPLAY",
    "RESUME",
    "RETRY",
    "WEB_LIMIT",
    "Actor",
    "HasChanged",
    "Outcome",
    "Plan",
    "ReasonMissing",
    "Selection",
    "TooMany",
    "UnknownHandler",
    "applies",
    "assign",
    "discard",
    "is_known",
    "pause",
    "paused_among",
    "plan",
    "replay",
    "resume",
    "retry",
    "waiting_for",
]
