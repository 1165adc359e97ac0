"""`manage.py sweep`: the safety net of the event queue as a process."""

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand

from events.sweeper import run_forever


class Command(BaseCommand):
    help = "Ships, reclaims and executes overdue deliveries; needs neither Redis nor Celery."

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: stop.set())
        run_forever(stop)
