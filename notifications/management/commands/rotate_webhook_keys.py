"""Encrypts every webhook secret anew with the newest SECRET_KEY; run it after a change of the key."""

from typing import Any

from django.core.management.base import BaseCommand

from events.kernel.databases import atomic
from notifications.webhooks.models import WebhookAddress


class Command(BaseCommand):
    help = "Encrypt webhook secrets with the newest SECRET_KEY (the old one is in SECRET_KEY_FALLBACKS)."

    def handle(self, *args: Any, **options: Any) -> None:
        with atomic("notifications"):
            for address in WebhookAddress.objects.select_for_update():
                address.reseal()
                address.save(update_fields=["secret_sealed", "old_secret_sealed"])
        self.stdout.write(self.style.SUCCESS("Done."))
