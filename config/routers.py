"""Sends each context's models to the database that CONTEXT_DATABASES names."""

from typing import Any

from django.conf import settings


class ContextRouter:
    """The event tables live in every database; Django's own (sessions, groups, …) where the users do."""

    def db_for_read(self, model: Any, **hints: Any) -> str | None:
        return self._alias(model._meta.app_label)

    def db_for_write(self, model: Any, **hints: Any) -> str | None:
        return self._alias(model._meta.app_label)

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return app_label == "events" or db == self._alias(app_label)

    def _alias(self, app_label: str) -> str | None:
        if app_label == "events":
            return None  # always `.using(alias)`
        return str(settings.CONTEXT_DATABASES[self._context(app_label)])

    def _context(self, app_label: str) -> str:
        # The bank behind the sandbox wallet is a party of its own; it lives with the payments it serves.
        if app_label == "sandbox_wallet":
            return "payments"
        # Foreign keys tie Django's tables to the users, and no foreign key leaves a database.
        return app_label if app_label in settings.CONTEXT_DATABASES else "stores"
