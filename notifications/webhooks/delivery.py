"""One HTTP call: to a judged address, within a time limit, following nothing. Knows no database."""

import socket
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException

from notifications.webhooks.addresses import Refused, Target, parse, resolve

CONNECT_SECONDS = 3.0
TOTAL_SECONDS = 10.0
MAX_ANSWER = 64 * 1024
MAX_ADDRESSES = 3
EXCERPT = 500


@dataclass(frozen=True)
class Answer:
    """What came of a call. `status` None: nothing came, and `problem` says why."""

    duration_ms: int
    status: int | None = None
    problem: str = ""
    excerpt: str = ""

    @property
    def is_success(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def is_refusal(self) -> bool:
        """The receiver lives and does not want this very message: trying other messages makes sense."""
        return self.status is not None and 400 <= self.status < 500 and self.status not in {408, 425, 429}

    @property
    def is_gone(self) -> bool:
        """410: the receiver asks never to be called again."""
        return self.status == 410

    def __str__(self) -> str:
        return f"{self.status or ''} {self.problem or self.excerpt[:120]}".strip()


def post(url: str, body: bytes, headers: Mapping[str, str], *, seconds: float = TOTAL_SECONDS) -> Answer:
    """Calls the address once and tells what came back; never raises for anything that the network does."""
    started = time.monotonic()
    try:
        status, text = _post(parse(url), body, headers, started + seconds)
    except Refused as refusal:
        return Answer(_since(started), problem=f"refused: {refusal.reason}")
    except (OSError, HTTPException, ValueError) as error:
        late = time.monotonic() - started >= seconds
        problem = f"no answer within {seconds:.0f} s" if late else f"{type(error).__name__}: {error}"
        return Answer(_since(started), problem=problem[:300])
    redirect = "redirects are not followed" if 300 <= status < 400 else ""
    return Answer(_since(started), status, redirect, text)


def _since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)


def _post(target: Target, body: bytes, headers: Mapping[str, str], deadline: float) -> tuple[int, str]:
    sock = _connect(target, deadline)
    # Socket timeouts count from one byte to the next; a receiver that drips would have us for hours. The copy
    # stays valid when TLS takes over the socket.
    line = sock.dup()
    watchdog = threading.Timer(max(0.0, deadline - time.monotonic()), _cut, [line])
    watchdog.daemon = True
    watchdog.start()
    try:
        if target.scheme == "https":
            sock = ssl.create_default_context().wrap_socket(sock, server_hostname=target.host)
        return _talk(sock, target, body, headers)
    finally:
        watchdog.cancel()
        line.close()
        sock.close()


def _connect(target: Target, deadline: float) -> socket.socket:
    """To one of the addresses that were judged, never to the name."""
    problem: OSError = OSError("no address")
    for ip in resolve(target)[:MAX_ADDRESSES]:
        left = deadline - time.monotonic()
        if left <= 0:
            break
        try:
            sock = socket.create_connection((ip, target.port), timeout=min(CONNECT_SECONDS, left))
        except OSError as error:
            problem = error
            continue
        sock.settimeout(max(0.1, deadline - time.monotonic()))
        return sock
    raise problem


def _cut(sock: socket.socket) -> None:
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # it was over already


def _talk(sock: socket.socket, target: Target, body: bytes, headers: Mapping[str, str]) -> tuple[int, str]:
    connection = HTTPConnection(target.host, target.port)
    connection.auto_open = 0  # it would resolve the name again
    connection.sock = sock
    connection.putrequest("POST", target.path, skip_host=True, skip_accept_encoding=True)
    for name, value in {"Host": target.host_header, "Connection": "close", **headers}.items():
        connection.putheader(name, value)
    connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body)
    response = connection.getresponse()
    raw = response.read(MAX_ANSWER)
    return response.status, raw.decode("utf-8", "replace").replace("\x00", "")[:EXCERPT]
