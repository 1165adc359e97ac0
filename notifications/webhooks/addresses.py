"""Where a webhook may go: to public HTTPS addresses only, so that nobody reaches our own network through us.

A name is resolved once; every address it leads to is judged, and the connection goes to a judged one. What
the name says a moment later (DNS rebinding) is of no importance.
"""

import ipaddress
import re
import socket
import threading
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from urllib.parse import quote, urlsplit

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

RESOLVE_SECONDS = 3.0
MAX_LENGTH = 500

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
# Addresses that Python calls global, or may, and that lead inside all the same.
_INSIDE = [
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT
        "168.63.129.16/32",  # a cloud's own services
        "192.0.0.0/24",
        "192.88.99.0/24",
        "198.18.0.0/15",
        "240.0.0.0/4",
        # IPv6 that carries an IPv4 address: compatible, NAT64, Teredo, 6to4; site-local.
        "::/96",
        "64:ff9b::/96",
        "64:ff9b:1::/48",
        "2001::/32",
        "2002::/16",
        "fec0::/10",
    )
]


class Refused(Exception):
    """This address may not be called; the text says why, for the owner."""

    def __init__(self, reason: str | Promise) -> None:
        super().__init__(str(reason))
        self.reason = reason


@dataclass(frozen=True)
class Target:
    """A judged address in parts: what to connect to, and what to say there."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def host_header(self) -> str:
        name = f"[{self.host}]" if ":" in self.host else self.host
        usual = 443 if self.scheme == "https" else 80
        return name if self.port == usual else f"{name}:{self.port}"


def parse(url: str) -> Target:
    """The address in parts. Raises Refused when its form alone forbids it; asks no network."""
    if len(url) > MAX_LENGTH or re.search(r"[\x00-\x20\x7f\\]", url):
        raise Refused(_("This is not an address."))
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").encode("idna").decode()
        port = parts.port or (80 if parts.scheme == "http" else 443)
    except (ValueError, UnicodeError):
        raise Refused(_("This is not an address.")) from None
    if parts.scheme != "https" and not (settings.WEBHOOK_ALLOW_LOOPBACK and parts.scheme == "http"):
        raise Refused(_("The address must begin with https://."))
    if not host or parts.fragment:
        raise Refused(_("This is not an address."))
    if parts.username is not None or parts.password is not None:
        raise Refused(_("The address must hold no user name and no password."))
    if port not in settings.WEBHOOK_PORTS and not settings.WEBHOOK_ALLOW_LOOPBACK:
        raise Refused(_("Only port 443 is allowed."))
    query = f"?{parts.query}" if parts.query else ""
    return Target(parts.scheme, host, port, quote((parts.path or "/") + query, safe="/%?&=:@!$'()*+,;~"))


def resolve(target: Target, seconds: float = RESOLVE_SECONDS) -> list[str]:
    """The IP addresses of the host, all of them judged. Raises Refused, or OSError when there is none."""
    found = _lookup(target, seconds)
    for text in found:
        judge(text, scheme=target.scheme)
    return found


def judge(text: str, *, scheme: str = "https") -> None:
    """Raises Refused for an IP address that is not somewhere out on the internet."""
    ip = _plain(ipaddress.ip_address(text.partition("%")[0]))
    if ip.is_loopback and settings.WEBHOOK_ALLOW_LOOPBACK:
        return
    if scheme != "https":
        raise Refused(_("The address must begin with https://."))
    inside = any(ip.version == net.version and ip in net for net in _INSIDE)
    if inside or not ip.is_global or ip.is_multicast or ip.is_reserved or ip.is_unspecified:
        raise Refused(_("This name leads to a private address."))


def _plain(ip: IPAddress) -> IPAddress:
    """::ffff:10.0.0.1 is 10.0.0.1."""
    mapped = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
    return mapped or ip


def _lookup(target: Target, seconds: float) -> list[str]:
    """The resolver knows no time limit of its own, so it is asked in a thread that may be left behind."""
    answers: SimpleQueue[list[str] | OSError] = SimpleQueue()

    def ask() -> None:
        try:
            rows = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
            answers.put(list(dict.fromkeys(str(row[4][0]) for row in rows)))
        except (OSError, UnicodeError) as error:
            answers.put(error if isinstance(error, OSError) else OSError(str(error)))

    threading.Thread(target=ask, name="webhook-dns", daemon=True).start()
    try:
        found = answers.get(timeout=seconds)
    except Empty:
        raise TimeoutError(f"{target.host} was not found within {seconds:.0f} s") from None
    if isinstance(found, OSError):
        raise found
    if not found:
        raise OSError(f"{target.host} has no address")
    return found
