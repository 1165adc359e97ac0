"""Ports for servers that tests start, each handed out once."""

import os
import random
import socket
from itertools import count

# Below what the system gives to outgoing connections: one of those could be faster than the server.
_FIRST, _SHARE = 15_000, 2_000
_worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
_turns = count(random.randrange(0, _SHARE, 2), 2)


def free_port() -> int:
    """A port whose successor is free too. Workers side by side draw from shares of their own."""
    for turn in _turns:
        port = _FIRST + _SHARE * (_worker % 8) + turn % _SHARE
        if _is_free(port) and _is_free(port + 1):
            return port
    raise AssertionError("turns do not end")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
