"""Which address the product listens on and is found under."""

import errno
import socket
import time

from config.environment import is_private
from config.supervisor.folders import CannotStart


def ensure_free(host: str, port: int, *, patience: float = 0.0) -> None:
    """Raises CannotStart when somebody listens there already.

    `patience`: seconds to wait for a predecessor that was killed and is still closing.
    """
    deadline = time.monotonic() + patience
    while (reason := _why_not(host, port)) and time.monotonic() < deadline:
        time.sleep(0.1)
    if reason:
        raise CannotStart(reason)


def _why_not(host: str, port: int) -> str:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OverflowError:
            return f"{port} is no port: choose one between 1024 and 65534, as in  PORT=8010 make run"
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return f"Port {port} is taken. Choose another one:  PORT={port + 10} make run"
            return f"Cannot listen on {host}:{port}: {error.strerror}"
    return ""


def address_of_this_machine() -> str:
    """Its address in the local network, as phones in the same Wi-Fi reach it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing: only asks which interface would
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])


def own_url(name: str, port: int) -> str:
    """Where guests find this machine when nobody said it.

    Raises CannotStart where strangers find it too: the demo gives food away, and its passwords are known.
    """
    url = f"http://{name}:{port}"
    if not is_private(url):
        raise CannotStart(
            f"{name} is an address of the internet: anybody would reach the demo. Run without HOST, "
            "give HOST an address of your own network, or set PUBLIC_URL=https://… (docs/operations.md)."
        )
    return url
