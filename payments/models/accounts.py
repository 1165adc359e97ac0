"""Gateway accounts of a store, and what gateways told us."""

import secrets
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from events.kernel.ids import new_id
from payments.crypto import decrypt, encrypt


class Mode(models.TextChoices):
    TEST = "test", _("test")
    LIVE = "live", _("live")


def new_hook_slug() -> str:
    """120 random bits: a webhook address nobody can guess."""
    return secrets.token_urlsafe(15)


class GatewayAccount(models.Model):
    """A store's contract with one gateway. Its money flows to the store, never to the platform."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    store_id = models.UUIDField(_("store"))
    gateway = models.SlugField(_("gateway"), max_length=20, db_index=False)
    mode = models.CharField(_("mode"), max_length=4, choices=Mode, default=Mode.TEST)
    enabled = models.BooleanField(_("in use"), default=True)
    merchant_id = models.CharField(_("merchant number"), max_length=64, blank=True)
    hook_slug = models.CharField(_("webhook address"), max_length=32, unique=True, default=new_hook_slug)
    credentials_encrypted = models.TextField(editable=False, blank=True, default="")
    # Two columns, so that there are never more than two secrets: the new one and the one being phased out.
    webhook_secret_encrypted = models.TextField(editable=False, blank=True, default="")
    old_webhook_secret_encrypted = models.TextField(editable=False, blank=True, default="")
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("gateway account")
        verbose_name_plural = _("gateway accounts")
        constraints = [
            models.UniqueConstraint(fields=["store_id", "gateway", "mode"], name="one_account_per_gateway"),
            models.CheckConstraint(condition=Q(mode__in=Mode.values), name="account_mode_known"),
        ]

    def __str__(self) -> str:
        return f"{self.gateway} ({self.mode})"

    @property
    def credentials(self) -> dict[str, Any]:
        """The secrets in clear; never log or show them."""
        return decrypt(self.credentials_encrypted)

    def set_credentials(self, credentials: dict[str, Any]) -> None:
        self.credentials_encrypted = encrypt(credentials)

    @property
    def webhook_secrets(self) -> tuple[str, ...]:
        """The valid secrets, the newest first; at most two."""
        columns = (self.webhook_secret_encrypted, self.old_webhook_secret_encrypted)
        return tuple(decrypt(column)["secret"] for column in columns if column)

    def add_webhook_secret(self, secret: str) -> None:
        """Makes `secret` the current one; the previous one stays valid until the next change."""
        self.old_webhook_secret_encrypted = self.webhook_secret_encrypted
        self.webhook_secret_encrypted = encrypt({"secret": secret})


class GatewayEvent(models.Model):
    """One authentic webhook call, as it came. Written once; only its outcome is noted later."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    account = models.ForeignKey(
        GatewayAccount, on_delete=models.PROTECT, related_name="events", verbose_name=_("gateway account")
    )
    dedupe_key = models.CharField(_("message number"), max_length=200)
    kind = models.CharField(_("kind"), max_length=60, blank=True)
    merchant_ref = models.CharField(_("reference"), max_length=64, blank=True)
    headers = models.JSONField(default=dict)
    body = models.TextField(_("content"))
    received_at = models.DateTimeField(_("received"), auto_now_add=True)
    processed_at = models.DateTimeField(_("worked off"), null=True)
    note = models.CharField(_("note"), max_length=200, blank=True, default="")

    class Meta:
        verbose_name = _("webhook call")
        verbose_name_plural = _("webhook calls")
        constraints = [
            models.UniqueConstraint(fields=["account", "dedupe_key"], name="webhook_stored_once"),
        ]
        indexes = [models.Index(fields=["merchant_ref"], name="webhook_reference")]

    def __str__(self) -> str:
        return f"{self.kind} {self.merchant_ref}"
