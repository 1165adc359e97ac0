"""The bank's HTTP side: an API for merchants and a page for their customers. Only in test mode."""

import hashlib
import json
from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from events.kernel.money import exponent_of, format_money
from payments.gateways.sandbox import keys
from payments.gateways.sandbox.wallet import bank
from payments.gateways.sandbox.wallet.bank import BankError
from payments.gateways.sandbox.wallet.models import IdempotentAnswer, WalletPayment, WalletState

ApiView = Callable[..., tuple[int, dict[str, Any]]]


def merchant_api(view: ApiView) -> Callable[..., HttpResponse]:
    """Bearer key, JSON in and out, BankError as an answer."""

    @csrf_exempt
    @wraps(view)
    def wrapped(request: HttpRequest, **kwargs: Any) -> HttpResponse:
        if not settings.TEST_MODE:
            raise Http404
        key = request.headers.get("Authorization", "").removeprefix("Bearer ")
        merchant_id = keys.merchant_of(key)
        if merchant_id is None:
            return JsonResponse({"error": "bad_key"}, status=401)
        try:
            status, body = view(request, merchant_id, **kwargs)
        except BankError as error:
            status, body = error.status, {"error": error.error}
        return JsonResponse(body, status=status)

    return wrapped


def _body(request: HttpRequest) -> dict[str, Any]:
    try:
        data = json.loads(request.body or b"{}")
    except ValueError:
        raise BankError(400, "bad_json") from None
    if not isinstance(data, dict):
        raise BankError(400, "bad_json")
    return data


def once(
    request: HttpRequest, merchant_id: str, work: Callable[[], dict[str, Any]]
) -> tuple[int, dict[str, Any]]:
    """Runs `work` once per Idempotency-Key; repeats get the first answer. Another body: 422."""
    key = request.headers.get("Idempotency-Key", "")[:120]
    digest = hashlib.sha256(request.path.encode() + request.body).hexdigest()
    if not key:
        return 200, work()
    if answer := _known(merchant_id, key, digest):
        return answer
    try:
        with bank.bank_transaction():
            body = work()
            IdempotentAnswer.objects.create(
                merchant_id=merchant_id, key=key, request_hash=digest, status=200, body=body
            )
            return 200, body
    except IntegrityError:  # the same key at the same time
        return _known(merchant_id, key, digest) or (409, {"error": "key_in_use"})


def _known(merchant_id: str, key: str, digest: str) -> tuple[int, dict[str, Any]] | None:
    row = IdempotentAnswer.objects.filter(merchant_id=merchant_id, key=key).first()
    if row is None:
        return None
    if row.request_hash != digest:
        raise BankError(422, "key_reused")
    return row.status, row.body


@require_POST
@merchant_api
def payments(request: HttpRequest, merchant_id: str) -> tuple[int, dict[str, Any]]:
    data = _body(request)
    return once(request, merchant_id, lambda: bank.payment_json(bank.create_payment(merchant_id, data)))


@require_GET
@merchant_api
def payment(request: HttpRequest, merchant_id: str, reference: str) -> tuple[int, dict[str, Any]]:
    row = bank.find(merchant_id, reference)
    if bank.swallow_answer(row):
        return 504, {"error": "timeout"}
    return 200, bank.payment_json(row)


@require_POST
@merchant_api
def close(request: HttpRequest, merchant_id: str, reference: str) -> tuple[int, dict[str, Any]]:
    return 200, bank.payment_json(bank.close(merchant_id, reference))


@require_POST
@merchant_api
def refunds(request: HttpRequest, merchant_id: str, reference: str) -> tuple[int, dict[str, Any]]:
    data = _body(request)
    return once(request, merchant_id, lambda: bank.refund_json(bank.refund(merchant_id, reference, data)))


@require_GET
@merchant_api
def refund(
    request: HttpRequest, merchant_id: str, reference: str, refund_reference: str
) -> tuple[int, dict[str, Any]]:
    row = bank.find(merchant_id, reference).refunds.filter(reference=refund_reference).first()
    if row is None:
        raise BankError(404, "unknown_refund")
    return 200, bank.refund_json(row)


@never_cache
@require_http_methods(["GET", "POST"])
def pay_page(request: HttpRequest, payment_id: UUID) -> HttpResponse:
    """GET shows the payment; POST with `action` decides it and sends the customer back to the shop."""
    if not settings.TEST_MODE:
        raise Http404
    row = get_object_or_404(WalletPayment, pk=payment_id)
    if request.method == "POST":
        action = request.POST.get("action", "")
        if action in bank.SCENARIOS:
            row = bank.decide(payment_id, action)
        if action != "stay":
            return _back(row)
    return render(request, "sandbox_wallet/pay.html", _page(row))


def _back(row: WalletPayment) -> HttpResponse:
    response = HttpResponseRedirect(_local(row.return_url))
    response.status_code = 303
    return response


def _local(url: str) -> str:
    """The shop shares this origin: a bare path keeps the phone on the address it came by."""
    return url.removeprefix(settings.PUBLIC_URL) or "/"


def _page(row: WalletPayment) -> dict[str, Any]:
    language = get_language() or "en"
    whole = 10 ** exponent_of(row.currency)
    balance = max(200_000 if row.currency in ("KRW", "JPY") else 2_000 * whole, row.amount * 2)
    return {
        "payment": row,
        "amount": format_money(row.amount, row.currency, language),
        "balance": format_money(balance, row.currency, language),
        "after": format_money(balance - row.amount, row.currency, language),
        "is_open": row.state == WalletState.OPEN,
        "is_paid": row.state == WalletState.CAPTURED,
        "back": _local(row.return_url),
    }
