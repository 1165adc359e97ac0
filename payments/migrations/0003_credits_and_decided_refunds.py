"""Goodwill becomes credits on lines, and a refused refund waits for a person's decision."""

from typing import Any

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q, Sum

import events.kernel.ids

STATES = {
    "requested": "requested",
    "sent": "sent",
    "pending": "in progress",
    "succeeded": "given back",
    "failed": "failed",
    "reversed": "came back",
    "resolved": "settled otherwise",
}


def carry_over(apps: Any, schema_editor: Any) -> None:
    alias = schema_editor.connection.alias
    refunds = apps.get_model("payments", "Refund").objects.using(alias)
    for refund in refunds.filter(state__in=["failed", "reversed"]).select_related("payment").order_by("id"):
        _reserve_again(refund)
    for refund in refunds.filter(credit__gt=0).exclude(state="resolved").order_by("id"):
        _spread(apps.get_model("payments", "Credit"), refund)


def _reserve_again(refund: Any) -> None:
    """Its amount had been freed; where it has gone back by another refund since, the matter is closed."""
    payment = refund.payment
    if payment.returned + refund.amount <= payment.captured:
        payment.returned += refund.amount
        payment.save(update_fields=["returned"])
        return
    refund.state, refund.resolution = "resolved", "retried"
    refund.resolved_at = refund.done_at or refund.created_at
    refund.save(update_fields=["state", "resolution", "resolved_at"])


def _spread(credits: Any, refund: Any) -> None:
    left = refund.credit
    lines = refund.bill.lines.annotate(credited=Sum("credits__amount")).order_by("order_number", "position")
    for line in lines:
        part = min(left, line.total - line.voided_amount - (line.credited or 0))
        if part > 0:
            credits.objects.using(refund._state.db).create(refund=refund, line=line, amount=part)
            left -= part


class Migration(migrations.Migration):
    dependencies = [("payments", "0002_guard_money")]

    operations = [
        migrations.CreateModel(
            name="Credit",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=events.kernel.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("amount", models.BigIntegerField()),
                (
                    "line",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="credits",
                        to="payments.billline",
                    ),
                ),
                (
                    "refund",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="credits",
                        to="payments.refund",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=["refund", "line"], name="one_credit_per_line"),
                    models.CheckConstraint(condition=Q(amount__gt=0), name="credit_amount_positive"),
                ]
            },
        ),
        migrations.AddField("refund", "in_cash", models.BooleanField(default=False, verbose_name="in cash")),
        migrations.AddField(
            "refund",
            "replaces",
            models.OneToOneField(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="replacement",
                to="payments.refund",
            ),
        ),
        migrations.AddField(
            "refund",
            "resolution",
            models.CharField(
                blank=True,
                choices=[
                    ("retried", "tried again"),
                    ("cash", "paid back in cash"),
                    ("withdrawn", "not given back"),
                ],
                default="",
                max_length=10,
                verbose_name="decision",
            ),
        ),
        migrations.AddField("refund", "resolved_at", models.DateTimeField(null=True, verbose_name="decided")),
        migrations.AddField(
            "refund",
            "resolved_by",
            models.CharField(blank=True, default="", max_length=150, verbose_name="decided by"),
        ),
        migrations.AlterField(
            "refund",
            "state",
            models.CharField(
                choices=list(STATES.items()), default="requested", max_length=10, verbose_name="state"
            ),
        ),
        migrations.RemoveConstraint("refund", "refund_state_known"),
        migrations.AddConstraint(
            "refund", models.CheckConstraint(condition=Q(state__in=list(STATES)), name="refund_state_known")
        ),
        migrations.RunPython(carry_over, migrations.RunPython.noop),
        # Pending foreign keys of the rows above would forbid the next steps in the same transaction.
        migrations.RunSQL("SET CONSTRAINTS ALL IMMEDIATE", migrations.RunSQL.noop),
        migrations.RemoveConstraint("refund", "refund_credit_within_amount"),
        migrations.RemoveField("refund", "credit"),
        migrations.AddConstraint(
            "refund",
            models.CheckConstraint(
                condition=Q(
                    state="resolved",
                    resolved_at__isnull=False,
                    resolution__in=["retried", "cash", "withdrawn"],
                )
                | (~Q(state="resolved") & Q(resolved_at=None, resolution="")),
                name="refund_resolved_by_a_person",
            ),
        ),
    ]
