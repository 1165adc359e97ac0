"""What a printer says is told from what it says about something else, and silence from a word."""

import socket
import threading
from collections.abc import Callable, Iterator

import pytest
from PIL import Image

from notifications.printing import network
from notifications.printing.errors import PrinterRefused
from notifications.printing.network import print_image
from notifications.printing.troubles import NotPrinted
from tests.notifications.printer import OFFLINE, PAPER, READY

IMAGE = Image.new("1", (576, 400), 0)
ASB = b"\x10\x00\x00\x00"
DONE = b"\x1dr\x01"
Script = Callable[[socket.socket], None]
Start = Callable[[Script], int]


@pytest.fixture(autouse=True)
def quick(settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.PRINTERS_ALLOW_LOOPBACK = True
    monkeypatch.setattr(network, "STATUS_SECONDS", 0.3)
    monkeypatch.setattr(network, "WORD_SECONDS", 0.5)


@pytest.fixture
def device() -> Iterator[Start]:
    """device(script) -> the port of something that does what the script says with one connection."""
    servers: list[socket.socket] = []

    def start(script: Script) -> int:
        server = socket.create_server(("127.0.0.1", 0))
        servers.append(server)

        def serve() -> None:
            line, _address = server.accept()
            with line:
                script(line)

        threading.Thread(target=serve, daemon=True).start()
        return int(server.getsockname()[1])

    yield start
    for server in servers:
        server.close()


def answer(line: socket.socket, *words: bytes) -> None:
    """To each of the two questions about its state."""
    for word in words:
        line.recv(3)
        line.sendall(word)


def take_all(line: socket.socket) -> None:
    """Reads to the question at the end, or to the end of the connection."""
    tail = b""
    while (some := line.recv(65536)) and DONE not in (tail := (tail + some)[-8192:]):
        pass


def test_a_device_where_nobody_listens_has_printed_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:  # its system takes connections, it never does
        with pytest.raises(NotPrinted, match="no_word") as caught:
            print_image("127.0.0.1", busy.getsockname()[1], IMAGE)
    assert caught.value.is_unsure


def test_a_printer_that_has_spoken_before_is_not_believed_when_it_is_silent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        with pytest.raises(NotPrinted, match="busy") as caught:
            print_image("127.0.0.1", busy.getsockname()[1], IMAGE, must_talk=True)
    assert not caught.value.is_unsure


def test_a_printer_that_never_speaks_is_believed_when_it_took_everything(device: Start) -> None:
    assert print_image("127.0.0.1", device(take_all), IMAGE) is False


def test_words_that_nobody_asked_for_are_no_answers(device: Start) -> None:
    def chatty(line: socket.socket) -> None:
        answer(line, ASB + bytes([PAPER]), bytes([READY]) + ASB)
        take_all(line)
        line.sendall(ASB + b"\x00")

    assert print_image("127.0.0.1", device(chatty), IMAGE) is True


def test_only_words_that_nobody_asked_for_are_no_word(device: Start) -> None:
    def chatty(line: socket.socket) -> None:
        answer(line, bytes([PAPER]), bytes([READY]))
        take_all(line)
        line.sendall(ASB + ASB + bytes([READY]))
        line.recv(1)

    with pytest.raises(NotPrinted, match="no_word") as caught:
        print_image("127.0.0.1", device(chatty), IMAGE)
    assert caught.value.is_unsure


def test_paper_that_ends_with_the_ticket_leaves_a_doubt(device: Start) -> None:
    def short(line: socket.socket) -> None:
        answer(line, bytes([PAPER]), bytes([READY]))
        take_all(line)
        line.sendall(b"\x0c")

    with pytest.raises(NotPrinted, match="no_paper") as caught:
        print_image("127.0.0.1", device(short), IMAGE)
    assert caught.value.is_unsure


@pytest.mark.parametrize("words", [(bytes([PAPER]), bytes([OFFLINE])), (bytes([PAPER]), b"")])
def test_nothing_is_sent_to_a_printer_that_cannot_print(device: Start, words: tuple[bytes, ...]) -> None:
    got: list[bytes] = []

    def closed(line: socket.socket) -> None:
        answer(line, *words)
        got.append(line.recv(64))

    with pytest.raises(NotPrinted, match="offline|busy") as caught:
        print_image("127.0.0.1", device(closed), IMAGE)
    assert not caught.value.is_unsure and got in ([], [b""])


def test_a_long_sheet_is_given_the_time_that_it_takes(device: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "WORD_SECONDS", 0.0)
    monkeypatch.setattr(network, "DOTS_PER_SECOND", 200)  # two seconds for this picture
    waited = threading.Event()

    def slow(line: socket.socket) -> None:
        answer(line, bytes([PAPER]), bytes([READY]))
        take_all(line)
        waited.wait(0.8)
        line.sendall(b"\x00")

    assert print_image("127.0.0.1", device(slow), IMAGE) is True


def test_the_machine_itself_is_no_printer(settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.PRINTERS_ALLOW_LOOPBACK = False
    monkeypatch.setattr(network, "check_address", lambda host, port: None)  # as if it were a private address
    with socket.create_server(("127.0.0.1", 0)) as own, pytest.raises(PrinterRefused):
        print_image("127.0.0.1", own.getsockname()[1], IMAGE)
