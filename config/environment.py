"""Reads settings from the environment; a bad value stops the process with a clear message."""

import ipaddress
import os
from pathlib import Path
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured


def env_text(name: str, default: str = "") -> str:
    """The variable's text; `<NAME>_FILE` names a file holding it (container secrets)."""
    path = os.environ.get(f"{name}_FILE")
    if path:
        return Path(path).read_text(encoding="utf-8").strip()
    return os.environ.get(name, default)


def env_bool(name: str, default: bool) -> bool:
    """True or False from 1/0, true/false, yes/no, on/off."""
    text = env_text(name, str(default)).lower()
    if text in {"1", "true", "yes", "on"}:
        return True
    if text in {"0", "false", "no", "off", ""}:
        return False
    raise ImproperlyConfigured(f"{name} must be true or false, not {text!r}")


def env_int(name: str, default: int) -> int:
    """A whole number."""
    text = env_text(name, str(default))
    try:
        return int(text)
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a whole number, not {text!r}") from None


def env_list(name: str, default: str = "") -> list[str]:
    """Comma-separated words."""
    return [word.strip() for word in env_text(name, default).split(",") if word.strip()]


def env_address(name: str, default: str) -> str:
    """An address such as https://order.example.com, without the slash at its end."""
    text = (env_text(name) or default).rstrip("/")
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ImproperlyConfigured(f"{name} must be like https://order.example.com, not {text!r}")
    return text


# Names that no public name server may know.
_PRIVATE_NAMES = (".localhost", ".local", ".lan", ".home.arpa", ".internal", ".test")


def is_private(url: str) -> bool:
    """Whether the address leads to this machine or into its own network, not into the internet."""
    host = urlsplit(url).hostname or ""
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return "." not in host or host.endswith(_PRIVATE_NAMES)


def env_networks(name: str) -> list[str]:
    """Comma-separated addresses and networks."""
    words = env_list(name)
    for word in words:
        try:
            ipaddress.ip_network(word)
        except ValueError as reason:
            raise ImproperlyConfigured(f"{name} holds addresses such as 10.0.0.0/8: {reason}") from None
    return words


# A machine that is gone does not answer at all, and nobody waits minutes to be told so: neither who connects,
# nor who sent something over a connection that was open, nor who waits there for an answer.
PATIENCE: dict[str, object] = {
    "connect_timeout": 5,
    "tcp_user_timeout": 10_000,  # milliseconds
    "keepalives": 1,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
}


def database_from_url(url: str) -> dict[str, object]:
    """Django's DATABASES entry from `postgresql://user:password@host:port/name?host=/socket/folder`."""
    from urllib.parse import parse_qsl, unquote

    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ImproperlyConfigured("a database URL must start with postgresql://")
    query = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "config.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.pop("host", parts.hostname or ""),
        "PORT": str(parts.port or ""),
        # Lets the queue keep its plans on the server; behind a pooler that cannot, add ?prepare_threshold=0.
        "OPTIONS": {
            **PATIENCE,
            **query,
            "prepare_threshold": int(query.get("prepare_threshold", 5)) or None,
        },
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
    }
