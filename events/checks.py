"""System checks of the queue."""

from typing import Any

from django.core.checks import Error, register

from events.registry import all_handlers


@register()
def handlers_belong_to_contexts(app_configs: Any, **kwargs: Any) -> list[Error]:
    """A handler's name starts with its context: that is how its queue and database are found."""
    from django.conf import settings

    return [
        Error(f"handler {handler.name!r} names no context", id="events.E001")
        for handler in all_handlers()
        if handler.context not in settings.CONTEXTS
    ]
