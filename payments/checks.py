"""System checks of money."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from payments.gateways.registry import known_names


@register()
def gateways_fit_the_mode(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """The sandbox wallet gives food away: it needs test mode, which settings.py keeps private."""
    found: list[CheckMessage] = [
        Error(f"PAYMENT_GATEWAYS names {name!r}, which does not exist", id="payments.E003")
        for name in settings.PAYMENT_GATEWAYS
        if name not in known_names()
    ]
    if "sandbox" in settings.PAYMENT_GATEWAYS and not settings.TEST_MODE:
        found.append(
            Error(
                "PAYMENT_GATEWAYS offers the sandbox wallet, but TEST_MODE is off",
                hint="Remove it from PAYMENT_GATEWAYS: with it anybody can order without paying.",
                id="payments.E001",
            )
        )
    return found
