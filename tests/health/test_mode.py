"""Free food only on one's own machine: when test mode is on, and when no process starts at all."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from config.supervisor.folders import CannotStart
from config.supervisor.ports import own_url

ROOT = Path(__file__).resolve().parents[2]
LOAD = "import {module}; from django.conf import settings; print(settings.TEST_MODE, settings.ALLOWED_HOSTS)"
KEY = {"SECRET_KEY": "k" * 50}


def run(*words: str, **env: str) -> subprocess.CompletedProcess[str]:
    """A process with this environment, and nothing of ours that says who it is."""
    ours = ("PUBLIC_URL", "TEST_MODE", "SECRET_KEY", "ALLOWED_HOSTS", "DEBUG")
    clean = {name: text for name, text in os.environ.items() if name not in ours}
    clean |= {"DJANGO_SETTINGS_MODULE": "config.settings", **env}
    return subprocess.run(
        [sys.executable, *words], cwd=ROOT, env=clean, capture_output=True, text=True, check=False
    )


def load(module: str = "config.settings", **env: str) -> subprocess.CompletedProcess[str]:
    return run("-c", LOAD.format(module=module), **env)


@pytest.mark.parametrize(
    ("module", "url"),
    [
        ("config.wsgi", "https://order.example.com"),
        ("config.asgi", "http://order.example.com"),
        ("config.celery", "https://10.0.0.5"),
    ],
)
def test_no_server_starts_in_test_mode_at_a_public_address(module: str, url: str) -> None:
    found = load(module, PUBLIC_URL=url, TEST_MODE="1", **KEY)
    assert found.returncode != 0
    assert f"TEST_MODE is on at the public address {url}" in found.stderr


def test_a_demonstration_says_so() -> None:
    found = load(PUBLIC_URL="https://demo.example.com", TEST_MODE="1", DEBUG="1", **KEY)
    assert found.stdout.startswith("True"), found.stderr


@pytest.mark.parametrize("url", ["http://localhost:8000", "http://192.168.0.7:8000", "http://[::1]:8000"])
def test_a_private_address_is_test_mode_for_every_phone_in_the_network(url: str) -> None:
    assert load(PUBLIC_URL=url).stdout.strip() == "True ['*']"


@pytest.mark.parametrize("url", ["https://order.example.com", "http://order.example.com", "http://8.8.8.8"])
def test_a_public_address_is_none_whatever_its_scheme(url: str) -> None:
    assert load(PUBLIC_URL=url, **KEY).stdout.strip() == "False []"
    found = load(PUBLIC_URL=url)
    assert found.returncode != 0 and "SECRET_KEY must be set" in found.stderr


@pytest.mark.parametrize("url", ["order.example.com", "htps://order.example.com", "https://", "http:///t"])
def test_an_address_with_a_slip_of_the_pen_stops_the_start(url: str) -> None:
    found = load(PUBLIC_URL=url, **KEY)
    assert found.returncode != 0 and "PUBLIC_URL must be like https://" in found.stderr


@pytest.mark.parametrize("env", [{}, {"PUBLIC_URL": ""}])
def test_without_an_address_only_this_machine_is_answered(env: dict[str, str]) -> None:
    assert load(**env).stdout.strip() == "True ['.localhost', '127.0.0.1', '[::1]']"


@pytest.mark.parametrize("role", ["web", "live"])
def test_a_process_of_its_own_wants_the_address(role: str) -> None:
    found = run("manage.py", "start", role)
    assert found.returncode != 0 and "PUBLIC_URL must be set" in found.stderr


def test_the_demo_is_not_offered_to_the_internet() -> None:
    assert own_url("192.168.0.7", 8000) == "http://192.168.0.7:8000"
    with pytest.raises(CannotStart, match="address of the internet"):
        own_url("8.8.8.8", 8000)
