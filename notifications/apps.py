from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NotificationsConfig(AppConfig):
    name = "notifications"
    verbose_name = _("Notifications")

    def import_models(self) -> None:
        super().import_models()
        from notifications.printing import models as printing  # noqa: F401  its tables belong to this app
        from notifications.webhooks import models  # noqa: F401

    def ready(self) -> None:
        # After the queue's own ready(): every context's event types are known by now.
        from notifications import dead_letters  # noqa: F401  they register themselves
        from notifications.printing import checks as _checks  # noqa: F401
        from notifications.printing import handlers as _handlers  # noqa: F401
        from notifications.printing import watch  # noqa: F401
        from notifications.webhooks import checks, contract, handlers  # noqa: F401
