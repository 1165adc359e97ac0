"""The bare queue: a row, `.delay()` on commit, a task that writes a row. What Redis loses is lost."""

import os
import time

os.environ["DJANGO_SETTINGS_MODULE"] = "bench.baseline.settings"

import django

django.setup()

from celery import Celery  # noqa: E402

from bench.baseline.models import BareOutbox  # noqa: E402

app = Celery("bare")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.CELERY_DB_REUSE_MAX = 10_000  # as the product: else the bare task would pay for a connection each


@app.task(name="bare.write")
def write(number: int) -> None:
    """The same row as the product's handler."""
    BareOutbox.objects.create(topic="done", payload={"number": number, "at": time.monotonic()})
