"""`manage.py event_catalogue`: writes docs/events.md from the event classes."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from events.catalogue import as_markdown


class Command(BaseCommand):
    help = "Writes docs/events.md."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        Path(settings.BASE_DIR, "docs", "events.md").write_text(as_markdown(), encoding="utf-8")
