"""Refusals of this context; each carries a stable code for the phone."""

from django.utils.translation import gettext_lazy as _

from events.kernel.errors import Conflict, DomainError, NotFound


class PaymentError(DomainError):
    """Base of everything payments refuses."""

    code = "payment-refused"
    title = _("This payment is not possible")


class BillNotReady(Conflict, PaymentError):
    """The bill's event is still on its way: ask again with the same key."""

    code = "bill-not-ready"
    title = _("The bill is being written")
    retry_after = 1


class BillUnknown(NotFound, PaymentError):
    code = "unknown-bill"
    title = _("There is no such bill at this table")


class BillClosed(Conflict, PaymentError):
    code = "bill-closed"
    title = _("This bill is closed")


class NothingToPay(Conflict, PaymentError):
    code = "nothing-to-pay"
    title = _("There is nothing left to pay")


class BeingPaid(Conflict, PaymentError):
    """Somebody else's attempt holds this share; `reserved` and `rest` say how much."""

    code = "being-paid"
    title = _("Someone at your table is paying this right now")


class FirstPaymentOpen(Conflict, PaymentError):
    """The phone's earlier attempt could not be stopped: it may still be paid. Ask again later."""

    code = "first-payment-open"
    title = _("Your first payment is still being checked, please wait a moment")
    retry_after = 3


class AmountTooHigh(Conflict, PaymentError):
    code = "amount-too-high"
    title = _("That is more than is owed")


class AmountChanged(Conflict, PaymentError):
    """The share costs more than the phone showed; `amount` says how much."""

    code = "amount-changed"
    title = _("The amount has changed, please check it and pay again")


class MethodUnavailable(PaymentError):
    code = "method-unavailable"
    title = _("This way to pay is not available here")


class KeyReused(PaymentError):
    code = "key-reused"
    status = 422
    title = _("This key was used for another request")


class GatewayUnavailable(PaymentError):
    """The gateway did not answer. The attempt stays open: repeat with the same key."""

    code = "gateway-unavailable"
    status = 503
    title = _("The payment service does not answer, please try again")
    retry_after = 2


class PaymentUnknown(NotFound, PaymentError):
    code = "unknown-payment"
    title = _("There is no such payment")


class NotRefundable(Conflict, PaymentError):
    code = "not-refundable"
    title = _("That much cannot be given back")


class WrongState(Conflict, PaymentError):
    code = "wrong-state"
    title = _("The payment has moved on")


class MoneyArrived(Conflict, PaymentError):
    code = "money-arrived"
    title = _("The payment service holds money of this payment; give it back there first")


class TooLittleCash(PaymentError):
    code = "too-little-cash"
    title = _("That is less than the amount to pay")
