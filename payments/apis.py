"""The HTTP API of bills and payments."""

from typing import Any
from uuid import UUID

from django.utils.translation import get_language
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from events.kernel.idempotency import KEY_HEADER, idempotency_key
from payments.errors import PaymentUnknown
from payments.models import Refund, ShareKind
from payments.presentation import PARTS, bill_json, method_json, owed_json, payment_json, refund_json
from payments.selectors import accounts_in_use, bills_of_tab, payment_of_guest, store_snapshot
from payments.services.counter import Cashier, Till, take_counter_payment
from payments.services.refunds import confirm_hand_back, request_refund
from payments.services.start_payment import Payer, Share, Wish, start_payment

MAX_MONEY = 10**12


class BillLineOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    order_id = serializers.UUIDField()
    order_number = serializers.IntegerField()
    name = serializers.CharField()
    quantity = serializers.IntegerField()
    options_text = serializers.CharField()
    total = serializers.IntegerField()
    guest_id = serializers.UUIDField(allow_null=True)
    guest_name = serializers.CharField()
    voided = serializers.BooleanField()


class AttemptOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    amount = serializers.IntegerField()
    method = serializers.CharField()
    state = serializers.CharField()
    guest_id = serializers.UUIDField(allow_null=True)
    refundable = serializers.IntegerField()
    created_at = serializers.DateTimeField()


class RefundOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    amount = serializers.IntegerField()
    state = serializers.CharField()
    reason = serializers.CharField()
    method = serializers.CharField()
    hand_back = serializers.BooleanField()
    created_at = serializers.DateTimeField()


class SharesOutput(serializers.Serializer[Any]):
    """What each share costs this phone now; `even` by the number of people."""

    all = serializers.IntegerField()
    mine = serializers.IntegerField()
    even = serializers.DictField(child=serializers.IntegerField())


class BillOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    order_id = serializers.UUIDField(allow_null=True)
    status = serializers.ChoiceField(["open", "paid", "overpaid", "closed"])
    total = serializers.IntegerField()
    captured = serializers.IntegerField()
    refunded = serializers.IntegerField()
    reserved = serializers.IntegerField()
    due = serializers.IntegerField()
    lines = BillLineOutput(many=True)
    payments = AttemptOutput(many=True)
    refunds = RefundOutput(many=True)
    # None for staff, and where nothing is owed.
    shares = SharesOutput(allow_null=True)


class MethodOutput(serializers.Serializer[Any]):
    id = serializers.CharField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(["redirect", "counter", "client_sdk"])
    logo = serializers.CharField(allow_null=True)


class TabBillOutput(serializers.Serializer[Any]):
    currency = serializers.CharField()
    bills = BillOutput(many=True)
    methods = MethodOutput(many=True)


class NextOutput(serializers.Serializer[Any]):
    type = serializers.ChoiceField(["redirect", "counter"])
    url = serializers.CharField(required=False)
    message = serializers.CharField(required=False)


class PaymentOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    state = serializers.CharField()
    amount = serializers.IntegerField()
    currency = serializers.CharField()
    order_id = serializers.UUIDField(allow_null=True)
    bill_id = serializers.UUIDField()
    next = NextOutput(allow_null=True)
    failure = serializers.CharField(allow_blank=True)


def caller(request: Request) -> Any:
    """By the view's `access`: a guest (guest_id, tab_id, store_id) or staff (pk, display_name)."""
    return request.user


def actor_of(request: Request) -> dict[str, Any]:
    """The member of staff, as services and histories know them."""
    return {"actor_id": caller(request).pk, "actor_name": caller(request).display_name}


def tab_bill(
    tab_id: UUID, store_id: UUID, language: str = "", guest_id: UUID | None = None
) -> dict[str, Any]:
    """Everything a tab owes this store and how it can be paid; "" is the store's own language."""
    store = store_snapshot(store_id)
    main = store.language if store else "en"
    views = [view for view in bills_of_tab(tab_id) if view.bill.store_id == store_id]
    return {
        "currency": store.data.get("currency", "") if store else "",
        "bills": [bill_json(view, language or main, main, guest_id) for view in views],
        "methods": [method_json(account) for account in accounts_in_use(store_id)],
    }


class TabBillApi(APIView):
    """What the party at this table owes, and how it can pay."""

    access = "guest"

    @extend_schema(responses=TabBillOutput, operation_id="guest_bill")
    def get(self, request: Request, token: str) -> Response:
        guest = caller(request)
        bill = tab_bill(guest.tab_id, guest.store_id, get_language() or "en", guest.guest_id)
        return Response(TabBillOutput(bill).data)


class ShareInput(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(ShareKind.values, default="all")
    parts = serializers.IntegerField(min_value=PARTS[0], max_value=PARTS[-1], required=False)
    amount = serializers.IntegerField(min_value=1, max_value=MAX_MONEY, required=False)

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        needed = {"even": "parts", "amount": "amount"}.get(data["kind"])
        if needed and needed not in data:
            raise ValidationError({needed: ["is needed for this share"]})
        return data


class PaymentInput(serializers.Serializer[Any]):
    order_id = serializers.UUIDField(required=False, allow_null=True)
    bill_id = serializers.UUIDField(required=False, allow_null=True)
    share = ShareInput(required=False)
    # What the phone showed: more than that is refused.
    amount_shown = serializers.IntegerField(min_value=1, max_value=MAX_MONEY, required=False, allow_null=True)
    method = serializers.SlugField(max_length=20)


class PaymentStartApi(APIView):
    """Starts to pay: reserves the share and answers where the phone goes next."""

    access = "guest"
    throttle_scope = "pay"

    @extend_schema(
        request=PaymentInput,
        responses={201: PaymentOutput},
        parameters=[KEY_HEADER],
        operation_id="guest_start_payment",
    )
    def post(self, request: Request, token: str) -> Response:
        key = idempotency_key(request)
        form = PaymentInput(data=request.data)
        form.is_valid(raise_exception=True)
        data = form.validated_data
        wish = Wish(
            method=data["method"],
            share=Share(**data.get("share", {})),
            order_id=data.get("order_id"),
            bill_id=data.get("bill_id"),
            shown=data.get("amount_shown"),
        )
        guest, language = caller(request), get_language() or "en"
        payer = Payer(guest.guest_id, guest.tab_id, token, language)
        payment = start_payment(payer=payer, wish=wish, key=key)
        return Response(PaymentOutput(payment_json(payment)).data, status=201)


class PaymentApi(APIView):
    """One attempt of the guest's own tab."""

    access = "guest"

    @extend_schema(responses=PaymentOutput, operation_id="guest_payment")
    def get(self, request: Request, payment_id: UUID) -> Response:
        payment = payment_of_guest(payment_id, tab_id=caller(request).tab_id)
        if payment is None:
            raise PaymentUnknown
        return Response(PaymentOutput(payment_json(payment)).data)


class StaffBillApi(APIView):
    """What a party owes, for the floor."""

    access = "staff"

    @extend_schema(responses=TabBillOutput, operation_id="staff_bill")
    def get(self, request: Request, store_id: UUID, tab_id: UUID) -> Response:
        return Response(TabBillOutput(tab_bill(tab_id, store_id)).data)


class CounterPaymentInput(serializers.Serializer[Any]):
    bill_id = serializers.UUIDField(required=False, allow_null=True)
    amount = serializers.IntegerField(min_value=1, max_value=MAX_MONEY, required=False, allow_null=True)
    method = serializers.ChoiceField(["cash", "terminal"])
    receipt_no = serializers.CharField(max_length=60, required=False, allow_blank=True, default="")
    tendered = serializers.IntegerField(min_value=1, max_value=MAX_MONEY, required=False, allow_null=True)


class CounterPaymentOutput(serializers.Serializer[Any]):
    payments = AttemptOutput(many=True)
    amount = serializers.IntegerField()
    tendered = serializers.IntegerField(allow_null=True)
    change = serializers.IntegerField()
    bill = TabBillOutput()


class CounterPaymentApi(APIView):
    """Books cash or a terminal's receipt; without an amount, all that the party owes."""

    access = "staff"
    roles = frozenset({"owner", "manager", "floor"})

    @extend_schema(
        request=CounterPaymentInput,
        responses={201: CounterPaymentOutput},
        parameters=[KEY_HEADER],
        operation_id="staff_counter_payment",
    )
    def post(self, request: Request, store_id: UUID, tab_id: UUID) -> Response:
        key = idempotency_key(request)
        form = CounterPaymentInput(data=request.data)
        form.is_valid(raise_exception=True)
        payments = take_counter_payment(
            store_id=store_id,
            tab_id=tab_id,
            till=Till(**form.validated_data),
            key=key,
            cashier=Cashier(caller(request).pk, caller(request).display_name),
        )
        amount = sum(payment.amount for payment in payments)
        tendered = payments[0].tendered
        data = {
            "payments": payments,
            "amount": amount,
            "tendered": tendered,
            "change": tendered - amount if tendered else 0,
            "bill": tab_bill(tab_id, store_id),
        }
        return Response(CounterPaymentOutput(data).data, status=201)


class RefundInput(serializers.Serializer[Any]):
    amount = serializers.IntegerField(min_value=1, max_value=MAX_MONEY)
    reason = serializers.CharField(max_length=200)


class RefundApi(APIView):
    """Gives a part of a payment back."""

    access = "staff"
    roles = frozenset({"owner", "manager"})

    @extend_schema(
        request=RefundInput,
        responses={201: RefundOutput},
        parameters=[KEY_HEADER],
        operation_id="staff_refund",
    )
    def post(self, request: Request, store_id: UUID, payment_id: UUID) -> Response:
        key = idempotency_key(request)
        form = RefundInput(data=request.data)
        form.is_valid(raise_exception=True)
        refund = request_refund(
            store_id=store_id,
            payment_id=payment_id,
            key=key,
            **actor_of(request),
            **form.validated_data,
        )
        return Response(RefundOutput(refund_json(refund)).data, status=201)


class OwedOutput(RefundOutput):
    tab_id = serializers.UUIDField()
    table_name = serializers.CharField()


class HandBacksOutput(serializers.Serializer[Any]):
    refunds = OwedOutput(many=True)


class HandBacksApi(APIView):
    """What staff owe guests by hand, also those whose table is closed."""

    access = "staff"
    roles = frozenset({"owner", "manager", "floor"})

    @extend_schema(responses=HandBacksOutput, operation_id="staff_hand_backs")
    def get(self, request: Request, store_id: UUID) -> Response:
        rows = Refund.waiting_for_a_hand(store_id).select_related("payment", "bill")
        return Response(HandBacksOutput({"refunds": [owed_json(row) for row in rows]}).data)


class HandBackApi(APIView):
    """Staff handed the cash of a waiting counter refund back."""

    access = "staff"
    roles = frozenset({"owner", "manager", "floor"})

    @extend_schema(request=None, responses=RefundOutput, operation_id="staff_hand_back")
    def post(self, request: Request, store_id: UUID, refund_id: UUID) -> Response:
        refund = confirm_hand_back(store_id=store_id, refund_id=refund_id, **actor_of(request))
        return Response(RefundOutput(refund_json(refund)).data)
