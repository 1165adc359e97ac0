"""Where the phone lands after the wallet: "checking…", then back to its table."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from payments.models import Payment, PaymentState
from payments.presentation import failure_text
from payments.selectors import payment_by_id
from payments.services.complete_payment import complete_payment
from payments.services.translate import read_return_token


def _payment(signed: str) -> Payment:
    """The attempt behind a return address; 404 when it is forged, cut or too old."""
    payment_id = read_return_token(signed)
    payment = payment_by_id(UUID(hex=payment_id)) if payment_id else None
    if payment is None:
        raise Http404
    return payment


def goal_of(payment: Payment) -> str:
    """The guest's page, open where the payment matters."""
    anchor = f"order/{payment.order_id}" if payment.order_id else "bill"
    return f"/t/{payment.table_token}/#{anchor}"


def state_json(payment: Payment) -> dict[str, Any]:
    """{"state", "paid", "final", "failure", "goal"}: all that the page needs."""
    paid = payment.state == PaymentState.CAPTURED
    return {
        "state": payment.state,
        "paid": paid,
        "final": not payment.is_open,
        "failure": failure_text(payment),
        "goal": goal_of(payment),
    }


@method_decorator(never_cache, name="dispatch")
class PaymentReturnView(View):
    """Shows how the attempt stands; changes nothing. Already paid: straight on to the table."""

    def get(self, request: HttpRequest, signed: str) -> HttpResponse:
        payment = _payment(signed)
        if payment.state == PaymentState.CAPTURED:
            return HttpResponseRedirect(goal_of(payment))
        return render(request, "payments/return.html", {"signed": signed, **state_json(payment)})


@method_decorator(never_cache, name="dispatch")
class PaymentStateView(View):
    """The same as data, for the page's own script; the signed address is the permission."""

    def get(self, request: HttpRequest, signed: str) -> JsonResponse:
        return JsonResponse(state_json(_payment(signed)))


@method_decorator([csrf_exempt, never_cache], name="dispatch")
class PaymentCompleteView(View):
    """Asks the gateway what became of the attempt and books it. The signature is the permission."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, signed: str) -> HttpResponse:
        payment = complete_payment(payment_id=_payment(signed).id)
        if "application/json" in request.headers.get("Accept", ""):
            return JsonResponse(state_json(payment))
        where = goal_of(payment) if payment.state == PaymentState.CAPTURED else f"/pay/return/{signed}/"
        response = HttpResponseRedirect(where)
        response.status_code = 303
        return response
