import os

from django.apps import AppConfig


class TroubleConfig(AppConfig):
    """Subscribes the trouble makers; loaded by tests.chaos.settings only."""

    name = "tests.chaos.trouble"

    def ready(self) -> None:
        from tests.chaos.trouble import clock, handlers, names

        handlers.subscribe_apprentice(os.environ.get("CHAOS_APPRENTICE", names.APPRENTICE))
        if path := os.environ.get("CHAOS_CLOCK"):
            clock.follow(path)
