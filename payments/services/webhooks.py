"""Webhooks: authentic or refused, stored once, worked off by the event queue."""

from collections.abc import Mapping
from uuid import UUID

from django.utils import timezone

from events.kernel.databases import atomic
from events.outbox import publish
from payments.errors import PaymentUnknown
from payments.events import WebhookReceived
from payments.gateways.base import Ack, Kind, Malformed, Trust, WebhookMessage
from payments.gateways.registry import gateway_named
from payments.models import GatewayAccount, GatewayEvent, Payment, Refund
from payments.selectors import payment_by_reference
from payments.services.complete_payment import apply_outcome
from payments.services.refunds import record_refund
from payments.services.translate import account_of

# Of the headers only these are kept: signatures and the like never reach a table or a log.
KEPT_HEADERS = ("webhook-id", "webhook-timestamp", "user-agent", "content-type")


def receive_webhook(*, gateway: str, slug: str, headers: Mapping[str, str], body: bytes) -> Ack:
    """Checks one call and stores it with its event in one transaction; a repeated call is acknowledged again.

    Raises PaymentUnknown for an unknown address, BadSignature, Stale or Malformed (nothing is stored).
    """
    account = GatewayAccount.objects.filter(gateway=gateway, hook_slug=slug, enabled=True).first()
    if account is None:
        raise PaymentUnknown
    try:
        adapter = gateway_named(gateway)
    except KeyError:
        raise PaymentUnknown from None
    message = adapter.parse_webhook(account_of(account), headers, body)
    with atomic("payments"):
        _store(account, message, headers, body)
    return adapter.ack()


def _store(account: GatewayAccount, message: WebhookMessage, headers: Mapping[str, str], body: bytes) -> None:
    row = GatewayEvent(
        account=account,
        dedupe_key=message.dedupe_key,
        kind=message.kind[:60],
        merchant_ref=message.merchant_ref[:64],
        headers={name: headers[name] for name in KEPT_HEADERS if name in headers},
        body=body.decode(),
    )
    GatewayEvent.objects.bulk_create([row], ignore_conflicts=True)
    if not GatewayEvent.objects.filter(pk=row.pk).exists():
        return  # a duplicate
    _announce(account, row)


def _announce(account: GatewayAccount, row: GatewayEvent) -> None:
    """Tells of the call as a part of its tab's story; one that comes before its payment is a story alone."""
    payment = payment_by_reference(account, row.merchant_ref)
    event = WebhookReceived(
        store_id=account.store_id,
        gateway_event_id=row.id,
        payment_id=payment.pk if payment else None,
        tab_id=payment.tab_id if payment else None,
        order_id=payment.order_id if payment else None,
    )
    publish(event, correlation_id=event.tab_id)


def work_off_webhook(*, gateway_event_id: UUID) -> None:
    """Applies a stored call. Raises PaymentUnknown while its reference is unknown to this account."""
    with atomic("payments"):
        row = (
            GatewayEvent.objects.select_for_update(of=("self",))
            .select_related("account")
            .get(pk=gateway_event_id)
        )
        if row.processed_at:
            return
        message = _read(row)
        payment = payment_by_reference(row.account, row.merchant_ref)
        if payment is None:
            raise PaymentUnknown(f"no payment with the reference {row.merchant_ref!r} in this account")
        row.note = _apply(row, payment, message)[:200]
        row.processed_at = timezone.now()
        row.save(update_fields=["note", "processed_at"])


def _read(row: GatewayEvent) -> WebhookMessage:
    adapter = gateway_named(row.account.gateway)
    return adapter.read_message(row.dedupe_key, row.body.encode())


def _apply(row: GatewayEvent, payment: Payment, message: WebhookMessage) -> str:
    if gateway_named(row.account.gateway).capabilities.trust != Trust.SIGNED:
        Payment.objects.filter(pk=payment.pk).update(check_at=timezone.now())
        return "the reconciler fetches"
    if message.refund:
        return _apply_refund(payment, message)
    if message.outcome and (message.outcome.kind != Kind.UNKNOWN or message.outcome.failure):
        return str(apply_outcome(payment_id=payment.id, outcome=message.outcome).state)
    return "nothing to do"


def _apply_refund(payment: Payment, message: WebhookMessage) -> str:
    assert message.refund is not None
    try:
        refund_id = UUID(hex=message.refund.reference)
    except ValueError:
        raise Malformed("the refund's reference is none of ours") from None
    if not Refund.objects.filter(pk=refund_id, payment=payment).exists():
        return "unknown refund"
    return str(record_refund(refund_id=refund_id, outcome=message.refund).state)
