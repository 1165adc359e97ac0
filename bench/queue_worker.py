"""The product's worker with the bench's handler: `celery -A bench.queue_worker`."""

import os

os.environ["DJANGO_SETTINGS_MODULE"] = "bench.queue_settings"

import django

django.setup()

import bench.queue_handlers  # noqa: E402, F401
from config.celery import app  # noqa: E402

__all__ = ["app"]
