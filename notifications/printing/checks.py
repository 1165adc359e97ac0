"""System checks of printers."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register


@register()
def loopback_needs_test_mode(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """An owner of a store must not be able to talk to services of the machine that serves all stores."""
    if not settings.PRINTERS_ALLOW_LOOPBACK or settings.TEST_MODE:
        return []
    return [
        Error(
            "PRINTERS_ALLOW_LOOPBACK is on, but TEST_MODE is off",
            hint="Unset PRINTERS_ALLOW_LOOPBACK: with it store owners can talk to services of this machine.",
            id="notifications.E002",
        )
    ]
