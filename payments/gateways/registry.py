"""Which gateways this installation offers: settings.PAYMENT_GATEWAYS."""

from functools import lru_cache
from importlib import import_module

from django.conf import settings
from django.utils.translation import gettext

from payments.gateways.base import Gateway

_PATHS = {
    "sandbox": "payments.gateways.sandbox.adapter.SandboxGateway",
    "counter": "payments.gateways.counter.adapter.CounterGateway",
}


def offered() -> list[str]:
    """The names in use, e.g. ["sandbox", "counter"]. The sandbox is never offered outside test mode."""
    return [name for name in settings.PAYMENT_GATEWAYS if name != "sandbox" or settings.TEST_MODE]


def gateway_named(name: str) -> Gateway:
    """The adapter. Raises KeyError for a name that is not offered."""
    if name not in offered():
        raise KeyError(name)
    return _load(_PATHS[name])


@lru_cache
def _load(path: str) -> Gateway:
    module, _, name = path.rpartition(".")
    gateway: Gateway = getattr(import_module(module), name)()
    return gateway


def title_of(name: str) -> str:
    """What people call it, whether it is still offered or not."""
    return gettext(_load(_PATHS[name]).title) if name in _PATHS else name


def known_names() -> list[str]:
    """Every gateway this version has an adapter for."""
    return sorted(_PATHS)
