"""`manage.py compile_messages`: .po to .mo with Babel, so that no machine needs GNU gettext."""

from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from django.conf import settings
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Compiles translations that changed."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        for folder in settings.LOCALE_PATHS:
            for source in sorted(Path(folder).glob("*/LC_MESSAGES/*.po")):
                target = source.with_suffix(".mo")
                if not target.exists() or target.stat().st_mtime_ns <= source.stat().st_mtime_ns:
                    compile_file(source, target)


def compile_file(source: Path, target: Path) -> None:
    """Writes the binary catalog under a name of its own first: another process may be reading the old one."""
    with source.open("rb") as file:
        catalog = read_po(file)
    draft = target.with_suffix(".mo.draft")
    with draft.open("wb") as file:
        write_mo(file, catalog)
    draft.rename(target)
