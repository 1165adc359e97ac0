"""Whose address counts, for the rate limits and for the lock after wrong passwords alike."""

from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.handlers.wsgi import WSGIRequest
from django.test import RequestFactory

from config.environment import env_networks
from config.throttling import ScopedThrottle
from config.wsgi import behind_proxies
from stores.backends import address_of

CLIENT, PROXY = "203.0.113.9", "172.18.0.5"


def addresses(trusted: list[str], caller: str, **headers: str) -> set[str | None]:
    """What the two that count by address see of a request."""
    seen: set[str | None] = set()

    def site(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        request: Any = WSGIRequest(environ)
        seen.update({address_of(request), ScopedThrottle().get_ident(request)})
        return []

    environ = RequestFactory(REMOTE_ADDR=caller).get("/", headers=headers).environ
    behind_proxies(site, trusted)(environ, None)
    return seen


@pytest.mark.parametrize("forged", ["198.51.100.1", "198.51.100.2, 172.18.0.5", "127.0.0.1", "x" * 500])
def test_a_forged_header_changes_nothing_without_a_proxy(forged: str) -> None:
    assert addresses([], CLIENT, X_Forwarded_For=forged) == {CLIENT}


def test_a_stranger_beside_the_proxy_is_not_believed() -> None:
    assert addresses([PROXY], CLIENT, X_Forwarded_For="198.51.100.1") == {CLIENT}


@pytest.mark.parametrize("trusted", [[PROXY], ["10.0.0.0/8", "172.16.0.0/12"]])
def test_behind_a_trusted_proxy_the_clients_address_counts(trusted: list[str]) -> None:
    assert addresses(trusted, PROXY, X_Forwarded_For=CLIENT) == {CLIENT}


def test_what_a_client_wrote_before_the_proxy_did_is_not_believed() -> None:
    assert addresses([PROXY], PROXY, X_Forwarded_For=f"198.51.100.1, {CLIENT}") == {CLIENT}


def test_a_phone_in_the_proxys_own_network_counts_by_its_address() -> None:
    assert addresses(["192.168.0.0/16"], "192.168.0.1", X_Forwarded_For="192.168.0.7") == {"192.168.0.7"}


def test_a_name_is_no_address_of_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRUSTED_PROXIES", "10.0.0.0/8,caddy")
    with pytest.raises(ImproperlyConfigured, match="caddy"):
        env_networks("TRUSTED_PROXIES")
