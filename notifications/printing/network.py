"""Sends a picture to a printer in the network by ESC/POS. Knows no database."""

import ipaddress
import socket
import time

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from escpos.constants import RT_MASK_NOPAPER, RT_MASK_ONLINE, RT_STATUS_ONLINE, RT_STATUS_PAPER
from escpos.printer import Dummy
from PIL import Image

from notifications.printing.errors import PrinterRefused
from notifications.printing.troubles import NotPrinted, Trouble

CONNECT_SECONDS, STATUS_SECONDS, WORD_SECONDS = 3.0, 2.0, 6.0
# The slowest heads make 40 mm a second, of eight dots each. The sheets are short (tickets.py) so that the
# lease of an attempt is, too: a kitchen waits for it when the process that prints is lost.
DOTS_PER_SECOND = 320
LONGEST_SECONDS = 18.0
# GS r 1, "transmit paper sensor status": it stands in line behind the picture, so that its answer means that
# the picture was worked off. Epson, "ESC/POS Command Reference", GS r.
_ASK_WHEN_DONE = b"\x1dr\x01"
# The bits by which an answer is told from others (same source): to DLE EOT, to GS r, and the first of four
# bytes that some printers send unasked whenever something changes.
_STATUS, _DONE, _UNASKED = (0x93, 0x12), (0x90, 0x00), (0x93, 0x10)
_PAPER_ENDED = 0x0C
PORTS = range(9100, 9110)
_NETWORKS = [ipaddress.IPv4Network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")]
# Any with 576 dots and a cutter: the three commands below are the same for all.
_PROFILE = "TM-T20II"


def check_address(host: str, port: int) -> None:
    """Raises PrinterRefused for what is no address of a printer in a private network.

    An owner of one store must not reach anything on the internet, nor (see `_connect`) the machine itself.
    """
    if not settings.PRINTERS_IN_NETWORK:
        raise PrinterRefused(_("This installation reaches no printers in its network: choose CloudPRNT."))
    try:
        ip = ipaddress.IPv4Address(host)
    except ValueError:
        raise PrinterRefused(_("Write the printer's IPv4 address, such as 192.168.0.50.")) from None
    if ip.is_loopback and settings.PRINTERS_ALLOW_LOOPBACK:
        return
    if not any(ip in network for network in _NETWORKS):
        raise PrinterRefused(_("This is not an address in a private network, such as 192.168.0.50."))
    if port not in PORTS:
        raise PrinterRefused(_("Printers listen on port 9100 (9101 to 9109 behind a print server)."))


def commands_for(image: Image.Image) -> bytes:
    """Reset, picture, cut."""
    printer = Dummy(profile=_PROFILE)
    printer.hw("INIT")
    printer.image(image, impl="bitImageRaster")
    printer.cut()
    return bytes(printer.output)


def print_image(host: str, port: int, image: Image.Image, *, must_talk: bool = False) -> bool:
    """Prints once and waits for the printer's word; returns whether it speaks at all.

    Some printers never say anything: for those a connection that they took to its end is the word, unless
    `must_talk` says that this one has answered before. Raises NotPrinted and PrinterRefused.
    """
    check_address(host, port)
    data = commands_for(image)
    seconds = min(LONGEST_SECONDS, WORD_SECONDS + image.height / DOTS_PER_SECOND)
    with _connect(host, port) as line:
        talks = _is_ready(line)
        if must_talk and not talks:
            raise NotPrinted(Trouble.BUSY)
        _send(line, data, talks=talks, seconds=seconds)
    return talks


def _connect(host: str, port: int) -> socket.socket:
    try:
        line = socket.create_connection((host, port), timeout=CONNECT_SECONDS)
    except OSError as error:
        raise NotPrinted(Trouble.UNREACHABLE, str(error)) from error
    if line.getsockname()[0] == line.getpeername()[0] and not settings.PRINTERS_ALLOW_LOOPBACK:
        line.close()
        raise PrinterRefused(_("This is an address of the machine itself."))
    return line


def _is_ready(line: socket.socket) -> bool:
    """Whether it answers at all. Raises NotPrinted when it says that it cannot print."""
    paper = _ask(line, RT_STATUS_PAPER)
    if paper is None:
        return False
    if paper & RT_MASK_NOPAPER == RT_MASK_NOPAPER:
        raise NotPrinted(Trouble.NO_PAPER)
    online = _ask(line, RT_STATUS_ONLINE)
    if online is None:
        raise NotPrinted(Trouble.BUSY)
    if online & RT_MASK_ONLINE:
        raise NotPrinted(Trouble.OFFLINE)
    return True


def _ask(line: socket.socket, question: bytes) -> int | None:
    """Its answer; None when it gives none in time."""
    try:
        line.settimeout(STATUS_SECONDS)
        line.sendall(question)
        return _read(line, _STATUS, time.monotonic() + STATUS_SECONDS)
    except TimeoutError:
        return None
    except OSError as error:
        raise NotPrinted(Trouble.UNREACHABLE, str(error)) from error


def _read(line: socket.socket, kind: tuple[int, int], deadline: float) -> int:
    """The next byte of this kind; others are late answers, or told unasked. Raises OSError."""
    mask, value = kind
    skip = 0
    while True:
        line.settimeout(max(0.01, deadline - time.monotonic()))
        byte = line.recv(1)
        if not byte:
            raise ConnectionResetError("it hung up")
        if skip:
            skip -= 1
        elif byte[0] & _UNASKED[0] == _UNASKED[1]:
            skip = 3
        elif byte[0] & mask == value:
            return byte[0]


def _send(line: socket.socket, data: bytes, *, talks: bool, seconds: float) -> None:
    started = time.monotonic()
    try:
        line.settimeout(seconds)
        line.sendall(data + (_ASK_WHEN_DONE if talks else b""))
        word = _read(line, _DONE, started + seconds) if talks else _wait_for_end(line, started + seconds)
    except OSError as error:
        after = f"{type(error).__name__} after {time.monotonic() - started:.0f} s"
        raise NotPrinted(Trouble.NO_WORD, after, is_unsure=True) from error
    if word & _PAPER_ENDED == _PAPER_ENDED:
        raise NotPrinted(Trouble.NO_PAPER, "the paper ended with this ticket", is_unsure=True)


def _wait_for_end(line: socket.socket, deadline: float) -> int:
    """A printer that never speaks hangs up when it has taken everything. Raises OSError."""
    line.shutdown(socket.SHUT_WR)
    while time.monotonic() < deadline:
        line.settimeout(max(0.01, deadline - time.monotonic()))
        if not line.recv(64):
            return 0
    raise TimeoutError("it did not hang up")
