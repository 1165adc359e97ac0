"""A ticket printer on this machine, in a thread: understands what ours sends, and fails as it is told to."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from PIL import Image

READY, PAPER = 0x12, 0x12
OFFLINE, NO_PAPER = 0x12 | 0x08, 0x12 | 0x60


@dataclass
class FakePrinter:
    """`tickets` came out whole. `online` and `paper` are what it says of itself.

    `is_mute`: prints and never says a word. `dies`: so many next tickets are cut off in the middle.
    `is_numb`: so many next ones are printed, and it hangs up without a word. `holds`: so many next ones are
    printed, and the word about each waits until `goes_on` is set.
    """

    host: str = "127.0.0.1"
    port: int = 0
    online: int = READY
    paper: int = PAPER
    is_mute: bool = False
    dies: int = 0
    is_numb: int = 0
    holds: int = 0
    goes_on: threading.Event = field(default_factory=threading.Event)
    tickets: list[Image.Image] = field(default_factory=list)
    torn: int = 0
    connections: int = 0


class _Line:
    """One connection, read command by command."""

    def __init__(self, printer: FakePrinter, line: socket.socket) -> None:
        self.printer, self.line = printer, line
        self.file = line.makefile("rb")
        self.parts: list[Image.Image] = []

    def serve(self) -> None:
        while lead := self.file.read(1):
            if not self._command(lead):
                return

    def _command(self, lead: bytes) -> bool:
        """False when the connection ends here."""
        if lead == b"\x10":
            return self._status()
        if lead == b"\x1b":
            return self._escape()
        if lead == b"\x1d":
            return self._group()
        raise AssertionError(f"the printer prints rubbish: {lead!r}")

    def _take(self, count: int) -> bytes:
        """Raises ConnectionError when the caller is gone before it has said all."""
        data = self.file.read(count)
        if len(data) < count:
            raise ConnectionError("cut off")
        return data

    def _status(self) -> bool:
        which = self._take(2)[1]
        self._say({1: self.printer.online, 4: self.printer.paper}[which])
        return True

    def _say(self, value: int) -> None:
        if not self.printer.is_mute:
            self.line.sendall(bytes([value]))

    def _escape(self) -> bool:
        if self._take(1) == b"d":  # feed
            self._take(1)
        return True

    def _group(self) -> bool:
        kind = self._take(1)
        if kind == b"v":
            return self._raster()
        self._take(1)
        if kind == b"V":
            return self._cut()
        self._say(0)  # GS r 1: everything before it was worked off
        return True

    def _raster(self) -> bool:
        head = self._take(6)
        width, height = int.from_bytes(head[2:4], "little"), int.from_bytes(head[4:6], "little")
        if self.printer.dies:
            self.printer.dies -= 1
            self.printer.torn += 1
            self.file.read(width * height // 2)
            return False
        dots = self.file.read(width * height)
        if len(dots) < width * height:
            self.printer.torn += 1
            return False
        inverted = bytes(255 - byte for byte in dots)
        self.parts.append(Image.frombytes("1", (width * 8, height), inverted))
        return True

    def _cut(self) -> bool:
        whole = Image.new("1", (self.parts[0].width, sum(part.height for part in self.parts)), 1)
        y = 0
        for part in self.parts:
            whole.paste(part, (0, y))
            y += part.height
        self.parts = []
        self.printer.tickets.append(whole)
        if self.printer.is_numb:
            self.printer.is_numb -= 1
            return False
        if self.printer.holds:
            self.printer.holds -= 1
            self.printer.goes_on.wait(60)
        return True


@contextmanager
def fake_printer() -> Iterator[FakePrinter]:
    """A printer that listens until the block ends."""
    printer = FakePrinter()
    server = socket.create_server((printer.host, 0))
    printer.port = server.getsockname()[1]
    thread = threading.Thread(target=_accept, args=(printer, server), daemon=True)
    thread.start()
    try:
        yield printer
    finally:
        server.close()


def _accept(printer: FakePrinter, server: socket.socket) -> None:
    while True:
        try:
            line, _address = server.accept()
        except OSError:
            return
        printer.connections += 1
        with line, suppress(OSError):
            line.settimeout(60)
            _Line(printer, line).serve()


def is_marked(ticket: Image.Image) -> bool:
    """Whether it says on top that it is more than a new order: a black bar from edge to edge."""
    return not any(ticket.crop((0, 10, ticket.width, 12)).get_flattened_data())
