"""What a database's URL asks for, and what every connection gets without asking."""

import os
import socket
from typing import Any

import pytest
from psycopg.conninfo import make_conninfo
from psycopg.pq import PGconn

from config.environment import database_from_url

SECONDS = {"TCP_KEEPIDLE": 5, "TCP_KEEPINTVL": 2, "TCP_KEEPCNT": 3, "TCP_USER_TIMEOUT": 10_000}


def _options(query: str = "") -> dict[str, Any]:
    entry: dict[str, Any] = database_from_url(f"postgresql://ada@127.0.0.1/cafe{query}")
    return dict(entry["OPTIONS"])


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="needs Linux")
def test_an_open_connection_breaks_soon_after_its_machine_vanished() -> None:
    options = _options()
    options.pop("prepare_threshold")  # is not libpq's
    with socket.create_server(("127.0.0.1", 0)) as server:
        text = make_conninfo(host="127.0.0.1", port=server.getsockname()[1], **options)
        connecting = PGconn.connect_start(text.encode())
        with socket.socket(fileno=os.dup(connecting.socket)) as ours:
            assert ours.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
            found = {name: ours.getsockopt(socket.IPPROTO_TCP, getattr(socket, name)) for name in SECONDS}
        connecting.finish()
    assert found == SECONDS


def test_a_url_may_have_more_patience_or_less() -> None:
    options = _options("?connect_timeout=1&tcp_user_timeout=60000&keepalives=0")
    assert (options["connect_timeout"], options["tcp_user_timeout"]) == ("1", "60000")
    assert options["keepalives"] == "0"
    assert _options()["connect_timeout"] == 5
