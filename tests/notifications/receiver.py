"""Somebody else's server, in a thread: remembers what it was told and answers as it is told to."""

import json
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


@dataclass
class Call:
    path: str
    headers: dict[str, str]
    body: str


@dataclass
class Receiver:
    """`answers` are (status, body) for the next calls, then 204; `drip` seconds between their bytes."""

    port: int = 0
    scheme: str = "http"
    host: str = "127.0.0.1"
    answers: list[tuple[int, bytes]] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    drip: float = 0
    calls: list[Call] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.host}:{self.port}/hooks?shop=1"

    @property
    def types(self) -> list[str]:
        return [json.loads(call.body)["type"] for call in self.calls]


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Callers hang up on purpose."""


@contextmanager
def receiver(certificate: Path | None = None) -> Iterator[Receiver]:
    """A running receiver; with a certificate (one PEM file with its key) it speaks HTTPS."""
    told = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            body = self.rfile.read(length).decode()
            if len(body.encode()) < length:
                return  # the caller died
            headers = {name.lower(): value for name, value in self.headers.items()}
            told.calls.append(Call(self.path, headers, body))
            status, answer = told.answers.pop(0) if told.answers else (204, b"")
            self.send_response(status)
            for name, value in told.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            for byte in answer if told.drip else []:
                self.wfile.write(bytes([byte]))
                time.sleep(told.drip)  # a receiver that drips: nothing waits for it but the time limit
            if not told.drip:
                self.wfile.write(answer)

        def log_message(self, *args: Any) -> None:
            pass

    server = _Server(("127.0.0.1", 0), Handler)
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        told.scheme = "https"
    told.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield told
    finally:
        server.shutdown()
        server.server_close()
