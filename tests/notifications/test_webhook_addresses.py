"""Where a webhook may go, and what one call puts up with."""

import datetime
import ipaddress
import socket
import threading
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from notifications.webhooks import delivery
from notifications.webhooks.addresses import Refused, judge, parse, resolve
from notifications.webhooks.checks import loopback_needs_test_mode
from notifications.webhooks.delivery import post
from tests.notifications.receiver import receiver

PUBLIC = "93.184.216.34"


@pytest.fixture
def _loopback(settings: Any) -> None:
    settings.WEBHOOK_ALLOW_LOOPBACK = True


class Resolver:
    """Answers each question with the next list; the last one stays."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> None:
        self.answers, self.asked = list(answers), 0
        monkeypatch.setattr(socket, "getaddrinfo", self)

    def __call__(self, host: str, port: int, *args: Any, **kwargs: Any) -> list[Any]:
        found = self.answers[min(self.asked, len(self.answers) - 1)]
        self.asked += 1
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port)) for ip in found]


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Where connections were tried; nothing leaves this machine, every one is refused."""
    tried: list[tuple[str, int]] = []

    def refuse(address: tuple[str, int], *args: Any, **kwargs: Any) -> socket.socket:
        tried.append(address)
        raise ConnectionRefusedError("no network in tests")

    monkeypatch.setattr(socket, "create_connection", refuse)
    return tried


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/hook",
        "ftp://example.com/",
        "//example.com/",
        "javascript:alert(1)",
        "https://",
        "https:///path",
        "https://user:secret@example.com/",
        "https://user@example.com/",
        "https://example.com:8443/",
        "https://example.com:22/",
        "https://example.com:99999/",
        "https://example.com/#part",
        "https://example.com/a b",
        "https://example.com/\r\nHost: inside",
        "https://exam\\ple.com/",
        "https://example.com\x00.evil/",
        "https://[::1/",
        "https://" + "a" * 600 + ".com/",
        "",
    ],
)
def test_an_address_of_the_wrong_form_is_refused(url: str) -> None:
    with pytest.raises(Refused):
        parse(url)


def test_an_address_keeps_its_path_and_its_foreign_letters() -> None:
    target = parse("https://bücher.example/주문?a=1&b=%20")
    assert target.host == "xn--bcher-kva.example"
    assert target.path == "/%EC%A3%BC%EB%AC%B8?a=1&b=%20"
    assert target.host_header == "xn--bcher-kva.example"


@pytest.mark.parametrize(
    "ip",
    [
        "127.0.0.1",
        "127.8.8.8",
        "::1",
        "0.0.0.0",
        "::",
        "10.0.0.1",
        "172.16.5.4",
        "192.168.1.1",
        "169.254.169.254",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "fd12:3456::1",
        "fec0::1",
        "100.64.0.1",
        "100.127.255.254",
        "192.0.0.170",
        "192.0.2.1",
        "198.18.0.1",
        "198.51.100.7",
        "203.0.113.9",
        "224.0.0.1",
        "239.255.255.250",
        "ff02::1",
        "240.0.0.1",
        "255.255.255.255",
        "168.63.129.16",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::a00:1",
        "2002:7f00:1::1",
        "2001:0:7f00:1::1",
        "2001:db8::1",
    ],
)
def test_a_name_that_leads_inside_is_never_called(
    ip: str, monkeypatch: pytest.MonkeyPatch, lines: list[Any]
) -> None:
    Resolver(monkeypatch, [ip])
    answer = post("https://hooks.example/", b"{}", {})
    assert answer.status is None and "refused" in answer.problem
    assert lines == []


def test_one_private_address_among_public_ones_is_enough_to_refuse(
    monkeypatch: pytest.MonkeyPatch, lines: list[Any]
) -> None:
    Resolver(monkeypatch, [PUBLIC, "10.0.0.1"])
    assert "refused" in post("https://hooks.example/", b"{}", {}).problem
    assert lines == []


@pytest.mark.parametrize("host", ["127.0.0.1", "2130706433", "0x7f.1", "017700000001", "[::1]", "localhost"])
def test_no_way_of_writing_this_machine_is_let_through(host: str, lines: list[Any]) -> None:
    assert post(f"https://{host}/", b"{}", {}).status is None
    assert lines == []


def test_public_addresses_pass() -> None:
    for ip in (PUBLIC, "8.8.8.8", "2606:2800:220:1:248:1893:25c8:1946"):
        judge(ip)


def test_a_name_that_changes_its_mind_is_asked_only_once(
    monkeypatch: pytest.MonkeyPatch, lines: list[Any]
) -> None:
    """DNS rebinding: public when judged, this machine a moment later. The judged one is called."""
    resolver = Resolver(monkeypatch, [PUBLIC], ["127.0.0.1"])
    answer = post("https://rebind.example/", b"{}", {})
    assert answer.status is None
    assert lines == [(PUBLIC, 443)]
    assert resolver.asked == 1
    # The next attempt judges anew: now the name is refused.
    assert "refused" in post("https://rebind.example/", b"{}", {}).problem
    assert lines == [(PUBLIC, 443)]


def test_a_resolver_that_hangs_is_left_behind(monkeypatch: pytest.MonkeyPatch, lines: list[Any]) -> None:
    never = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: (never.wait(30), [])[1])
    with pytest.raises(TimeoutError):
        resolve(parse("https://slow.example/"), 0.1)
    never.set()
    assert lines == []


@pytest.mark.usefixtures("_loopback")
def test_plain_http_stays_on_this_machine_even_in_test_mode(
    monkeypatch: pytest.MonkeyPatch, lines: list[Any]
) -> None:
    Resolver(monkeypatch, [PUBLIC])
    assert "refused" in post("http://hooks.example/", b"{}", {}).problem
    assert lines == []


@pytest.mark.usefixtures("_loopback")
def test_a_redirect_is_an_answer_and_not_followed() -> None:
    with receiver() as inside, receiver() as told:
        told.answers, told.headers = [(302, b"")], {"Location": inside.url}
        answer = post(told.url, b"{}", {})
        assert answer.status == 302 and not answer.is_success
        assert inside.calls == []


@pytest.mark.usefixtures("_loopback")
def test_an_answer_is_read_to_64_kilobytes_and_kept_to_a_few_lines() -> None:
    with receiver() as told:
        told.answers = [(200, b"x" * 1_000_000)]
        answer = post(told.url, b"{}", {})
    assert answer.is_success
    assert answer.excerpt == "x" * delivery.EXCERPT


@pytest.mark.usefixtures("_loopback")
def test_a_receiver_that_drips_is_cut_off_at_the_time_limit() -> None:
    with receiver() as told:
        told.answers, told.drip = [(200, b"x" * 200)], 0.05
        answer = post(told.url, b"{}", {}, seconds=0.4)
    assert answer.duration_ms < 8000  # without a limit it takes ten seconds


@pytest.mark.usefixtures("_loopback")
def test_an_answer_with_nul_characters_can_be_kept() -> None:
    with receiver() as told:
        told.answers = [(500, b"a\x00b\xff")]
        assert post(told.url, b"{}", {}).excerpt == "ab�"


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for 127.0.0.1 and hooks.example that nobody has signed but itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hooks.example")])
    now = datetime.datetime.now(datetime.UTC)
    names = [x509.DNSName("hooks.example"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "server.pem"
    path.write_bytes(
        built.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return path


@pytest.mark.usefixtures("_loopback")
def test_https_connects_to_the_judged_address_and_asks_for_the_name(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    Resolver(monkeypatch, ["127.0.0.1"])
    with receiver(certificate) as told:
        told.host = "hooks.example"
        answer = post(told.url, b'{"a":1}', {"webhook-id": "msg_1"})
        assert answer.is_success, answer
        assert told.calls[0].headers["host"] == f"hooks.example:{told.port}"
        assert told.calls[0].headers["webhook-id"] == "msg_1"
        told.host = "other.example"
        assert "certificate" in post(told.url, b"{}", {}).problem.lower()
    assert len(told.calls) == 1


@pytest.mark.usefixtures("_loopback")
def test_a_certificate_that_nobody_trusts_is_refused(certificate: Path) -> None:
    with receiver(certificate) as told:
        answer = post(told.url, b"{}", {})
    assert answer.status is None and told.calls == []


def test_calling_this_machine_is_refused_outside_test_mode(settings: Any) -> None:
    settings.WEBHOOK_ALLOW_LOOPBACK = True
    assert loopback_needs_test_mode(None) == []
    settings.TEST_MODE = False
    assert [found.id for found in loopback_needs_test_mode(None)] == ["notifications.E001"]
