"""Every handler in the owner's words: what it does, what its not happening means, and why it failed."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from events.meanings import Meaning

_GUEST_PAGE = _("The guest's phone may show something old until it is retried.")
_GUEST_ORDER = _("The guest's phone was not told the news of %(subject)s.")

MEANINGS: dict[str, Meaning] = {
    "orders.save_store_snapshot": Meaning(
        _("Store settings to the guest page"), _("Guests still see the old store settings.")
    ),
    "orders.save_table_snapshot": Meaning(
        _("Table to the guest page"),
        _("The table's new code or name is not known to guests yet."),
        _("Guests do not see the new name or code of %(subject)s yet."),
    ),
    "orders.retire_table": Meaning(
        _("Table removed from the guest page"),
        _("The removed table can still be scanned."),
        _("The removed %(subject)s can still be scanned."),
    ),
    "orders.save_menu_snapshot": Meaning(
        _("Menu to the guest page"), _("Guests still see the old menu and old prices.")
    ),
    "orders.mark_sold_out": Meaning(
        _("Sold out to the guest page"), _("Guests can still order something that is sold out.")
    ),
    "orders.mark_restocked": Meaning(
        _("Back in stock to the guest page"), _("Guests cannot order something that is there again.")
    ),
    "orders.submit_paid_order": Meaning(
        _("Paid order to the kitchen"),
        _("A guest has paid, and the kitchen does not know the order."),
        _("The kitchen does not know %(subject)s, although it is paid."),
    ),
    "orders.settle_tab": Meaning(
        _("Table marked as paid or unpaid"),
        _("What the board says about the table's payment may be wrong."),
        _("What the board says about the payment of %(subject)s may be wrong."),
    ),
    "orders.reject_unanswered_order": Meaning(
        _("Look after an unanswered order"),
        _("A guest keeps waiting for an order that nobody took."),
        _("A guest keeps waiting for %(subject)s, which nobody took."),
    ),
    "payments.save_store_snapshot": Meaning(
        _("Store settings to the cash desk"), _("Payments still use the old store settings.")
    ),
    "payments.open_bill": Meaning(
        _("Order onto the bill"),
        _("The guest cannot pay: the order is on no bill."),
        _("The guest cannot pay %(subject)s: it is on no bill."),
    ),
    "payments.refund_rejected_order": Meaning(
        _("Refund of a refused order"),
        _("A guest has paid for a refused order and has no refund yet."),
        _("There is no refund yet for %(subject)s, which was refused after it was paid."),
    ),
    "payments.refund_canceled_order": Meaning(
        _("Refund of a canceled order"),
        _("A guest has paid for a canceled order and has no refund yet."),
        _("There is no refund yet for %(subject)s, which was canceled after it was paid."),
    ),
    "payments.refund_voided_line": Meaning(
        _("Refund of a dish taken off"),
        _("A dish was taken off, and its price was not given back."),
        _("A dish of %(subject)s was taken off, and its price was not given back."),
    ),
    "payments.close_expired_order": Meaning(
        _("Bill of an unpaid order closed"),
        _("An order that was not paid in time still has an open bill."),
        _("There is still an open bill for %(subject)s, which was not paid in time."),
    ),
    "payments.move_tab": Meaning(
        _("Bill moved to the other table"),
        _("The bill still names the old table."),
        _("The bill does not know yet that the party moved to %(subject)s."),
    ),
    "payments.merge_tab": Meaning(
        _("Bills put together"),
        _("Two tables were joined, but their bills are still apart."),
        _("The bill of %(subject)s was not joined with the other one."),
    ),
    "payments.close_tab": Meaning(
        _("Bill closed with the table"),
        _("A table was cleared, and its bill is still open."),
        _("The bill of %(subject)s is still open, although the table was cleared."),
    ),
    "payments.work_off_webhook": Meaning(
        _("Message from the payment service"),
        _("A payment may look unpaid although the money is there."),
        _("A payment for %(subject)s may look unpaid although the money is there."),
    ),
    "payments.send_refund": Meaning(
        _("Refund sent to the payment service"),
        _("The guest's money has not been given back yet."),
        _("The money for %(subject)s has not been given back yet."),
    ),
    "notifications.ring_for_order": Meaning(
        _("Alarm for a new order"),
        _("The board did not ring for an order."),
        _("The kitchen's board was not told of %(subject)s."),
    ),
    "notifications.ring_for_call": Meaning(
        _("Alarm for a calling guest"),
        _("A guest called, and nobody heard it."),
        _("A guest called from %(subject)s, and nobody heard it."),
    ),
    "notifications.ring_for_flagged_payment": Meaning(
        _("Alarm for a payment to check"),
        _("A payment does not fit its bill, and nobody was told."),
        _("Nobody was told that a payment for %(subject)s does not fit."),
    ),
    "notifications.ring_for_failed_refund": Meaning(
        _("Alarm for a failed refund"),
        _("A refund failed, and nobody was told."),
        _("Nobody was told that a refund for %(subject)s failed."),
    ),
    "notifications.tell_order_accepted": Meaning(
        _("“Accepted” to the guest's phone"), _GUEST_PAGE, _GUEST_ORDER
    ),
    "notifications.tell_order_rejected": Meaning(
        _("“Refused” to the guest's phone"), _GUEST_PAGE, _GUEST_ORDER
    ),
    "notifications.tell_order_canceled": Meaning(
        _("“Canceled” to the guest's phone"), _GUEST_PAGE, _GUEST_ORDER
    ),
    "notifications.tell_order_expired": Meaning(
        _("“Not paid in time” to the guest's phone"), _GUEST_PAGE, _GUEST_ORDER
    ),
    "notifications.tell_line_ready": Meaning(
        _("“Dish ready” to the guest's phone"), _GUEST_PAGE, _GUEST_ORDER
    ),
    "notifications.tell_order_ready": Meaning(
        _("“Order ready” to the guest's phone"), _GUEST_PAGE, _GUEST_ORDER
    ),
    "notifications.tell_order_served": Meaning(_("“Served” to the guest's phone"), _GUEST_PAGE, _GUEST_ORDER),
    "notifications.tell_call_answered": Meaning(
        _("“On the way” to the guest's phone"), _GUEST_PAGE, _GUEST_ORDER
    ),
    "notifications.tell_payment_captured": Meaning(
        _("“Paid” to the guest's phone"), _GUEST_PAGE, _GUEST_ORDER
    ),
    "notifications.tell_payment_failed": Meaning(
        _("“Payment failed” to the guest's phone"), _GUEST_PAGE, _GUEST_ORDER
    ),
    "notifications.tell_refund_completed": Meaning(
        _("“Money is back” to the guest's phone"), _GUEST_PAGE, _GUEST_ORDER
    ),
    "notifications.tell_tab_moved": Meaning(
        _("“Other table” to the guest's phone"), _GUEST_PAGE, _GUEST_ORDER
    ),
    "notifications.tell_tab_closed": Meaning(
        _("“Table closed” to the guest's phone"), _GUEST_PAGE, _GUEST_ORDER
    ),
    "notifications.tell_tab_merged": Meaning(
        _("“Tables joined” to the guest's phone"), _GUEST_PAGE, _GUEST_ORDER
    ),
    "notifications.name_opened_tab": Meaning(
        _("Table's name for alarms"),
        _("Alarms of this table do not name it."),
        _("Alarms of this party do not name %(subject)s."),
    ),
    "notifications.save_store_snapshot": Meaning(
        _("Store settings to the alarms"), _("Alarms still use the old store settings.")
    ),
    "notifications.write_webhooks": Meaning(
        _("Event to your webhook addresses"), _("Your other systems have not been told of something.")
    ),
    "notifications.send_webhook": Meaning(
        _("Message to a webhook address"),
        _("An address refused a message; what comes after it waits behind it."),
    ),
    "notifications.write_tickets": Meaning(
        _("Ticket for the kitchen printer"),
        _("A kitchen printer was not told of something."),
        _("The kitchen printer did not get %(subject)s."),
    ),
    "notifications.print_ticket": Meaning(
        _("Ticket to its printer"),
        _("A ticket did not come out, and those after it wait."),
        _("The kitchen printer did not print %(subject)s, and what comes after it waits."),
    ),
    "menus.save_store_snapshot": Meaning(
        _("Store settings to the menu"), _("The menu still uses the old store settings.")
    ),
    "menus.encode_photo": Meaning(
        _("Photo made small for phones"), _("The new photo is not shown on the menu yet.")
    ),
}

# By the name of the class, as the queue records it.
ERRORS: dict[str, str | Promise] = {
    "NotFound": _("Something it needs is not there (yet)."),
    "WrongState": _("The order or the payment had moved on in the meantime."),
    "TabClosed": _("The table had been closed in the meantime."),
    "BillNotReady": _("The bill that it belongs to is not written yet."),
    "PaymentUnknown": _("It names a payment that is not known here."),
    "Malformed": _("The message of the payment service cannot be read."),
    "RefundUncertain": _("The payment service did not answer: it is not known whether the money went back."),
    "NotDelivered": _("The address refused the message or did not answer."),
    "PrinterRefused": _("The printer's address is not allowed here."),
    "NotPrinted": _("The printer did not print, or did not say so."),
    "Refused": _("The address is not one that messages may be sent to."),
    "Unreadable": _("The picture could not be read."),
}
