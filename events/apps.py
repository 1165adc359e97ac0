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
        # They register the checks, the queue's own moments and the task of a snapshot run.
        from events import checks, moments, snapshot_runs  # noqa: F401

        # What each context adds to a story, and the copies that it keeps or is the owner of.
        autodiscover_modules("timeline")
        autodiscover_modules("snapshots")
