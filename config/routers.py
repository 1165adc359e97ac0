"""Sends each context's models to the database that CONTEXT_DATABASES names."""

from typing import Any

from django.conf import settings


class ContextRouter:
    """The event tables live in every database; everything that is no context lives in `default`."""

    def db_for_read(self, model: Any, **hints: Any) -> str | None:
        return self._alias(model._meta.app_label)

    def db_for_write(self, model: Any, **hints: Any) -> str | None:
        return self._alias(model._meta.app_label)

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return app_label == "events" or db == (self._alias(app_label) or "default")

    def _alias(self, app_label: str) -> str | None:
        if app_label == "events":
            return None  # always `.using(alias)`
        # The bank behind the sandbox wallet is a party of its own; it lives with the payments it serves.
        context = "payments" if app_label == "sandbox_wallet" else app_label
        return str(settings.CONTEXT_DATABASES.get(context, "default"))
