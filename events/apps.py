from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class EventsConfig(AppConfig):
    name = "events"
    verbose_name = _("Event queue")

    def ready(self) -> None:
        # Every context's event types first, then the handlers that subscribe to them.
        autodiscover_modules("events")
        autodiscover_modules("handlers")
        from events import checks, moments  # noqa: F401  registers the checks and the queue's own moments

        # What each context adds to a story, and the copies that it keeps or is the owner of.
        autodiscover_modules("timeline")
        autodiscover_modules("snapshots")
