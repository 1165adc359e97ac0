"""The ledger: what moved, in the order in which it moved. Only ever appended; a trigger guards it."""

from django.db import models
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from events.kernel.ids import new_id
from events.kernel.money import format_money
from payments.models.bills import Bill
from payments.models.payments import Payment
from payments.models.refunds import Refund


class EntryKind(models.TextChoices):
    CAPTURE = "capture", _("paid")
    REFUND = "refund", _("given back")
    REVERSAL = "reversal", _("booked by mistake")
    REFUND_RETURNED = "refund_returned", _("refund came back")

    @property
    def sign(self) -> int:
        """What it does to the money that the store holds."""
        return 1 if self in (EntryKind.CAPTURE, EntryKind.REFUND_RETURNED) else -1


class LedgerEntry(models.Model):
    """One movement of money; `amount` is signed as the store sees it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    store_id = models.UUIDField(_("store"))
    bill = models.ForeignKey(Bill, on_delete=models.PROTECT, related_name="entries", verbose_name=_("bill"))
    payment = models.ForeignKey(
        Payment, on_delete=models.PROTECT, related_name="entries", verbose_name=_("payment")
    )
    refund = models.ForeignKey(
        Refund, on_delete=models.PROTECT, null=True, related_name="entries", verbose_name=_("refund")
    )
    kind = models.CharField(_("kind"), max_length=16, choices=EntryKind)
    amount = models.BigIntegerField(_("amount"))
    currency = models.CharField(_("currency"), max_length=3)
    created_at = models.DateTimeField(_("booked"), auto_now_add=True)

    class Meta:
        verbose_name = _("ledger entry")
        verbose_name_plural = _("ledger")
        constraints = [
            models.UniqueConstraint(
                fields=["payment"], condition=Q(kind="capture"), name="one_capture_per_payment"
            ),
            models.UniqueConstraint(
                fields=["refund", "kind"], condition=Q(refund__isnull=False), name="one_entry_per_refund_step"
            ),
            models.CheckConstraint(condition=Q(kind__in=EntryKind.values), name="entry_kind_known"),
            models.CheckConstraint(
                condition=Q(kind__in=["capture", "refund_returned"], amount__gt=0)
                | Q(kind__in=["refund", "reversal"], amount__lt=0),
                name="entry_sign_fits_kind",
            ),
            models.CheckConstraint(
                condition=Q(kind="capture", refund=None) | (~Q(kind="capture") & Q(refund__isnull=False)),
                name="entry_names_its_refund",
            ),
        ]
        indexes = [models.Index(fields=["store_id", "created_at"], name="ledger_store_time")]

    def __str__(self) -> str:
        amount = format_money(self.amount, self.currency, get_language() or "en")
        return f"{self.get_kind_display()} {amount}"
