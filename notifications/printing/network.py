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

CONNECT_SECONDS, STATUS_SECONDS, SEND_SECONDS, CONFIRM_SECONDS = 3.0, 2.0, 10.0, 10.0
# GS r 1, "transmit paper sensor status": it stands in line behind the picture, so that its answer means that
# the picture was worked off. Epson, "ESC/POS Command Reference", GS r.
_ASK_WHEN_DONE = b"\x1dr\x01"
PORTS = range(9100, 9110)
# Any with 576 dots and a cutter: the three commands below are the same for all.
_PROFILE = "TM-T20II"


def check_address(host: str, port: int) -> None:
    """Raises PrinterRefused for what is no address of a printer in a private network.

    An owner of one store must not reach the machine itself, nor anything on the internet.
    """
    if not settings.PRINTERS_IN_NETWORK:
        raise PrinterRefused(_("This installation reaches no printers in its network: choose CloudPRNT."))
    try:
        ip = ipaddress.IPv4Address(host)
    except ValueError:
        raise PrinterRefused(_("Write the printer's IPv4 address, such as 192.168.0.50.")) from None
    if ip.is_loopback and settings.PRINTERS_ALLOW_LOOPBACK:
        return
    if not ip.is_private or ip.is_loopback or ip.is_link_local or ip.is_unspecified or ip.is_reserved:
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


def print_image(host: str, port: int, image: Image.Image) -> None:
    """Prints once and waits for the printer's word. Raises NotPrinted, with words about why.

    Some printers never say anything; for those a connection that took everything is the word.
    """
    check_address(host, port)
    data = commands_for(image)
    try:
        line = socket.create_connection((host, port), timeout=CONNECT_SECONDS)
    except OSError as error:
        raise NotPrinted(Trouble.UNREACHABLE, str(error)) from error
    with line:
        is_talking = _is_ready(line)
        _send(line, data, is_talking)


def _is_ready(line: socket.socket) -> bool:
    """Whether it answers at all. Raises NotPrinted when it says that it cannot print."""
    paper = _ask(line, RT_STATUS_PAPER)
    if paper is None:
        return False
    if paper & RT_MASK_NOPAPER == RT_MASK_NOPAPER:
        raise NotPrinted(Trouble.NO_PAPER)
    online = _ask(line, RT_STATUS_ONLINE)
    if online is not None and online & RT_MASK_ONLINE:
        raise NotPrinted(Trouble.OFFLINE)
    return True


def _ask(line: socket.socket, question: bytes) -> int | None:
    line.settimeout(STATUS_SECONDS)
    try:
        line.sendall(question)
        answer = line.recv(1)
    except TimeoutError:
        return None
    except OSError as error:
        raise NotPrinted(Trouble.UNREACHABLE, str(error)) from error
    if not answer:
        raise NotPrinted(Trouble.UNREACHABLE, "it hung up")
    return answer[0]


def _send(line: socket.socket, data: bytes, is_talking: bool) -> None:
    line.settimeout(SEND_SECONDS)
    started = time.monotonic()
    try:
        line.sendall(data + (_ASK_WHEN_DONE if is_talking else b""))
        if is_talking:
            line.settimeout(CONFIRM_SECONDS)
            if not line.recv(1):
                raise NotPrinted(Trouble.NO_WORD, "it hung up", is_unsure=True)
        else:
            line.shutdown(socket.SHUT_WR)
    except OSError as error:
        after = f"{type(error).__name__} after {time.monotonic() - started:.0f} s"
        raise NotPrinted(Trouble.NO_WORD, after, is_unsure=True) from error
