"""Ports for servers that tests start, each handed out once."""

import os
import random
from itertools import count

from config.supervisor.folders import CannotStart
from config.supervisor.ports import ensure_free

# Below what the system gives to outgoing connections: one of those could be faster than the server.
_FIRST, _SHARE = 15_000, 2_000
_worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
_turns = count(random.randrange(0, _SHARE, 2), 2)


def free_port() -> int:
    """A port whose successor is free too. Workers side by side draw from shares of their own."""
    first = _FIRST + _SHARE * (_worker % 8)
    ports = (first + turn % _SHARE for turn in _turns)
    return next(port for port in ports if _is_free(port) and _is_free(port + 1))


def _is_free(port: int) -> bool:
    try:
        ensure_free("127.0.0.1", port)
    except CannotStart:
        return False
    return True
