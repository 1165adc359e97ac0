"""`manage.py event_catalogue`: writes what docs/ says of events from the event classes and handlers."""

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from events.asyncapi import as_asyncapi
from events.catalogue import as_markdown, filled_in, pages_with_parts


class Command(BaseCommand):
    help = "Writes docs/events.md, docs/asyncapi.json and the tables of events in other pages."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        docs = Path(settings.BASE_DIR, "docs")
        (docs / "events.md").write_text(as_markdown(), encoding="utf-8")
        document = json.dumps(as_asyncapi(), indent=1, ensure_ascii=False) + "\n"
        (docs / "asyncapi.json").write_text(document, encoding="utf-8")
        for page in pages_with_parts():
            text = (docs / page).read_text(encoding="utf-8")
            (docs / page).write_text(filled_in(page, text), encoding="utf-8")
