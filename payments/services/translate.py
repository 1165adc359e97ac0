"""Rows into what adapters speak."""

import time
from dataclasses import replace

from django.conf import settings
from django.core import signing
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from payments.gateways.base import Account, Attempt, Context, RefundOrder
from payments.models import Bill, GatewayAccount, Payment, Refund, RefundSource
from payments.selectors import store_snapshot

RETURN_SALT = "hansang.payments.return"
RETURN_SECONDS = 24 * 3600


def account_of(row: GatewayAccount) -> Account:
    """The account with its secrets in clear, for one call."""
    store = store_snapshot(row.store_id)
    return Account(
        gateway=row.gateway,
        mode=row.mode,
        merchant_id=row.merchant_id,
        store_name=str(store) if store else "",
        credentials=row.credentials,
        webhook_secrets=row.webhook_secrets,
    )


def words_for(bill: Bill, language: str) -> dict[str, str]:
    """What a gateway is told of an attempt in words.

    Written down with the attempt: the guest may read another language, or sit at another table, by the time a
    lost answer has us ask again, and gateways refuse a repeated request that is not the same request.
    """
    store = store_snapshot(bill.store_id)
    with override(language):
        description = _("Table %(name)s") % {"name": bill.table_name}
    return {"store_name": str(store) if store else "", "description": description, "language": language}


def _words_of(payment: Payment) -> dict[str, str]:
    return payment.words or words_for(payment.bill, get_language() or "en")


def request_of(payment: Payment) -> tuple[Account, Attempt, Context]:
    """All that a gateway is told when an attempt begins, the same however often."""
    account = replace(account_of(payment.account), store_name=_words_of(payment)["store_name"])
    return account, attempt_of(payment), context_of(payment)


def attempt_of(payment: Payment) -> Attempt:
    return Attempt(
        merchant_ref=payment.merchant_ref,
        gateway_ref=payment.gateway_ref,
        amount=payment.amount,
        currency=payment.currency,
        description=_words_of(payment)["description"],
        expires_at=payment.expires_at,
    )


def context_of(payment: Payment) -> Context:
    """Where the wallet sends the phone (a signed address: no cookie is needed) and its webhooks."""
    return Context(
        return_url=f"{settings.PUBLIC_URL}/pay/return/{return_token(payment)}/",
        hook_url=f"{settings.PUBLIC_URL}/hooks/{payment.gateway}/{payment.account.hook_slug}/",
        language=_words_of(payment)["language"],
    )


def return_token(payment: Payment) -> str:
    """Signed and expiring; it allows to see and to complete this one attempt, nothing else.

    Always the same for an attempt: gateways refuse a repeated request that is not the same request.
    """
    since = int(payment.created_at.timestamp())
    return signing.Signer(salt=RETURN_SALT).sign_object([payment.id.hex, since])


def read_return_token(token: str) -> str | None:
    """The payment's id; None when the token is forged, cut or too old."""
    try:
        payment_id, since = signing.Signer(salt=RETURN_SALT).unsign_object(token)
    except signing.BadSignature:
        return None
    return str(payment_id) if time.time() - since <= RETURN_SECONDS else None


def refund_order_of(refund: Refund) -> RefundOrder:
    return RefundOrder(
        reference=refund.id.hex,
        merchant_ref=refund.payment.merchant_ref,
        gateway_ref=refund.payment.gateway_ref,
        amount=refund.amount,
        currency=refund.currency,
        reason=refund.reason,
        by_staff=refund.source in (RefundSource.STAFF, RefundSource.REVERSAL),
    )
