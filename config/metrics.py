"""/metrics for Prometheus: the state of the event queue, read from the tables when asked."""

from collections.abc import Iterator
from secrets import compare_digest

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from events.kernel.databases import Reach, alias_of, reach
from events.queue_health import Backlog, backlog

GAUGES = {
    "due": ("hansang_deliveries_due", "Deliveries that could run now"),
    "oldest_due_age": ("hansang_oldest_due_seconds", "Age of the most belated delivery"),
    "dead": ("hansang_dead_letters", "Deliveries that a person must decide about"),
    "held": ("hansang_deliveries_held", "Deliveries waiting behind a dead letter"),
    "paused": ("hansang_deliveries_paused", "Deliveries whose handler somebody paused"),
    "behind": ("hansang_deliveries_behind", "Deliveries waiting for one between two tries"),
    "done": ("hansang_deliveries_last_minute", "Deliveries finished in the last minute"),
    "unshipped": ("hansang_events_unshipped", "Events not fanned out yet"),
    "oldest_unshipped_age": ("hansang_oldest_unshipped_seconds", "Age of the oldest event not fanned out"),
}


class QueueCollector(Collector):
    """One reading of the queue per scrape; every context is always there, so that alerts can rely on it.

    Only those whose database is away have no figures: a zero would look like health.
    """

    def collect(self) -> Iterator[GaugeMetricFamily]:
        found = reach()
        yield _databases(found)
        readings = backlog(found.there)
        contexts = [context for context in settings.CONTEXTS if alias_of(context) in found.there]
        for field, (name, text) in GAUGES.items():
            family = GaugeMetricFamily(name, text, labels=["context"])
            for context in contexts:
                family.add_metric([context], getattr(readings.get(context, Backlog()), field))
            yield family


def _databases(found: Reach) -> GaugeMetricFamily:
    family = GaugeMetricFamily("hansang_database_up", "Whether the database answers", labels=["database"])
    for alias in (*found.there, *found.away):
        family.add_metric([alias], alias in found.there)
    return family


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Open to the local machine's scraper by default; with METRICS_TOKEN only to its bearer."""
    expected = f"Bearer {settings.METRICS_TOKEN}"
    if settings.METRICS_TOKEN and not compare_digest(request.headers.get("Authorization", ""), expected):
        return HttpResponseForbidden("not allowed", content_type="text/plain")
    registry = CollectorRegistry()
    registry.register(QueueCollector())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
