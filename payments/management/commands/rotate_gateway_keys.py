"""Encrypts every gateway credential anew with the newest SECRET_KEY; run it after a change of the key."""

from typing import Any

from django.core.management.base import BaseCommand

from events.kernel.databases import atomic
from payments.crypto import reencrypt
from payments.models import GatewayAccount

COLUMNS = ("credentials_encrypted", "webhook_secret_encrypted", "old_webhook_secret_encrypted")


class Command(BaseCommand):
    help = "Encrypt gateway credentials with the newest SECRET_KEY (the old one is in SECRET_KEY_FALLBACKS)."

    def handle(self, *args: Any, **options: Any) -> None:
        with atomic("payments"):
            for account in GatewayAccount.objects.select_for_update():
                for column in COLUMNS:
                    setattr(account, column, reencrypt(getattr(account, column)))
                account.save(update_fields=COLUMNS)
        self.stdout.write(self.style.SUCCESS("Done."))
