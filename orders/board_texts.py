"""Every text that the board's browser modules show, in the reader's language.

Names in {braces} are filled in by the browser; a key ending in `_one` is used when {n} is 1.
"""

from django.utils.translation import gettext as _
from django.utils.translation import pgettext


def board_texts() -> dict[str, str]:
    """key -> text, in the active language."""
    return {
        **_shell(),
        **_start(),
        **_alarms(),
        **_kitchen(),
        **_floor(),
        **_paying(),
        **_log(),
        **_trouble(),
    }


def _shell() -> dict[str, str]:
    return {
        "screens": _("Screens"),
        "kitchen": pgettext("screen", "Kitchen"),
        "floor": pgettext("screen", "Floor"),
        "log": pgettext("screen", "Log"),
        "connected": _("Connected"),
        "connecting": _("Connecting…"),
        "polling": _("Slow connection"),
        "offline": _("No connection"),
        "sound_on": _("Sound on"),
        "sound_off": _("Sound off"),
        "screen_on": _("Screen stays on"),
        "more": _("More"),
        "close": _("Close"),
        "cancel": _("Cancel"),
        "back": _("Back"),
        "loading": _("One moment…"),
        "sold_out_list": _("Sold out"),
        "taking": _("You are taking orders"),
        "paused": _("Orders are paused."),
        "pause": _("Pause orders"),
        "pause_title": _("Pause orders?"),
        "pause_text": _("Guests can read the menu but not order until you go on."),
        "resume": _("Take orders again"),
        "resumed": _("Guests can order."),
        "choose_store": _("Choose another store"),
        "end_shift": _("End the shift"),
        "sign_out": _("Sign out"),
        "language": _("Language"),
        "ticket_number": _("No. {n}"),
        "minutes": _("{n} min"),
        "minutes_one": _("{n} min"),
        "guests": _("{n} guests"),
        "guests_one": _("{n} guest"),
        "items": _("{n} items"),
        "items_one": _("{n} item"),
    }


def _start() -> dict[str, str]:
    return {
        "start_title": _("Ready to start?"),
        "start_text": _("One tap and this screen tells you about every order"),
        "start": _("Start the shift"),
        "sound": _("Sound"),
        "sound_text": _("Rings for a new order until somebody takes it"),
        "listen": _("Listen"),
        "wake": _("Screen stays on"),
        "wake_text": _("The screen does not sleep during the shift"),
        "alerts": _("Notifications"),
        "alerts_text": _("Tells you while you look at another app, too"),
        "works": _("Works"),
        "needs_tap": _("Asks on start"),
        "not_here": _("Not on this device"),
        "blocked": _("Blocked"),
        "wake_help": _("Set the screen to stay on in the device's settings."),
    }


def _alarms() -> dict[str, str]:
    return {
        "new_orders": _("{n} new orders"),
        "new_orders_one": _("{n} new order"),
        "waiting_for": _("waiting for {time}"),
        "accept_all": _("Accept all"),
        "quiet": _("Stop ringing"),
        "calls_from": _("{table} is calling"),
        "on_my_way": _("On my way"),
        "call_help": _("Somebody, please"),
        "call_water": _("Water, please"),
        "call_cutlery": _("Cutlery, please"),
        "call_bill": _("The bill, please"),
        "call_other": _("Somebody, please"),
        "refund_failed": _("{table}: a refund of {amount} did not work"),
        "payment_flagged": _("{table}: please check a payment of {amount}"),
        "dead_letter": _("Something needs the owner's look"),
        "webhook_paused": _(
            "“{address}” does not answer any more and is told nothing. The owner: admin, Webhooks, “Go on”."
        ),
        "printer_down": _("A printer does not print: please have a look"),
        "trouble": _("Please have a look"),
        "got_it": _("Got it"),
        "taken_by": _("{name} took it"),
        "paid": _("{table} paid {amount}"),
        "canceled_by_guest": _("{table} took order {n} back"),
    }


def _kitchen() -> dict[str, str]:
    return {
        "tickets": _("Tickets"),
        "state_new": _("New order"),
        "state_cook": _("Cooking"),
        "state_warn": _("Hurry"),
        "state_late": _("Late"),
        "state_ready": _("Ready"),
        "round": _("+ round {n}"),
        "accept": _("Accept"),
        "ready": pgettext("button", "All done"),
        "served": pgettext("button", "Served"),
        "ready_in": _("Ready in"),
        "other_answer": _("More for order {n}"),
        "done": _("done"),
        "voided": _("taken off"),
        "allergy": _("Allergy"),
        "to_cook": _("To cook now"),
        "nothing_to_cook": _("Nothing waits for the stove."),
        "just_done": _("Just finished"),
        "nothing_done": _("Finished orders show up here."),
        "take_back": _("Take order {n} back"),
        "quiet_kitchen": _("All quiet"),
        "quiet_text": _("New orders appear here and ring."),
        "reject": _("Cannot make it"),
        "reject_title": _("Why not, order {n}?"),
        "reject_text": _("The guest reads this at once. A paid order is refunded."),
        "reject_sold_out": _("Sold out"),
        "reject_busy": _("Too busy now"),
        "reject_closing": _("We are closing"),
        "reject_no_answer": _("Nobody answered"),
        "reject_by_guest": _("canceled by the guest"),
        "reject_canceled": _("Canceled"),
        "reject_expired": _("Not paid in time"),
        "reject_other": _("Another reason"),
        "reason": _("A word to the guest"),
        "cancel_order": _("Cancel the order"),
        "void": pgettext("dish", "Take off"),
        "void_line": _("Take off a dish"),
        "void_reason": _("Reason"),
        "undo_line": _("Not done yet"),
        "search_dish": _("Find a dish"),
        "is_sold_out": _("Sold out"),
        "available": _("Available"),
        "no_dish": _("No dish of that name"),
        "status_served": _("Served"),
        "status_rejected": _("Refused"),
        "status_canceled": _("Canceled"),
        "status_expired": _("Not paid in time"),
        "status_awaiting_payment": _("Paying"),
        "status_submitted": _("New order"),
        "status_accepted": _("Cooking"),
        "status_in_progress": _("Cooking"),
        "status_ready": _("Ready"),
    }


def _floor() -> dict[str, str]:
    return {
        "plan": _("Table plan"),
        "table_free": pgettext("table", "Free"),
        "table_occupied": _("Seated"),
        "table_new": _("New order"),
        "table_cooking": _("Cooking"),
        "table_ready": _("Ready"),
        "table_late": _("Late"),
        "table_call": _("Calling"),
        "table_settled": _("Paid"),
        "seats": _("{n} seats"),
        "seats_one": _("{n} seat"),
        "choose_table": _("Tap a table"),
        "choose_text": _("You see its orders and what is to pay."),
        "no_tables": _("No tables yet"),
        "no_tables_text": _("The owner adds them in the admin."),
        "since": _("since {time}"),
        "no_orders": _("Nothing ordered yet"),
        "to_pay": _("To pay"),
        "all_paid": _("All paid"),
        "pay": _("Take payment"),
        "move": pgettext("table", "Move"),
        "merge": pgettext("table", "Merge"),
        "new_code": _("New QR code"),
        "open_table": _("Seat guests"),
        "close_table": _("Clear the table"),
        "move_title": _("Move {table} to"),
        "merge_title": _("Join {table} to"),
        "no_free_table": _("No table is free"),
        "no_other_party": _("No other table is taken"),
        "close_title": _("Clear {table}?"),
        "close_text": _("The guests' phones leave this table."),
        "close_owed": _("{amount} is still unpaid. Only owner and manager may clear it, with a reason."),
        "code_title": _("A new QR code for {table}?"),
        "code_text": _("The printed card stops working at once. Print the new one."),
        "code_done": _("{table} has a new code"),
        "print_card": _("Print the card"),
        "moved": _("{table} moved to {to}"),
        "merged": _("{table} joined {to}"),
    }


def _paying() -> dict[str, str]:
    return {
        "pay_title": _("Payment at {table}"),
        "cash": pgettext("money", "Cash"),
        "terminal": _("Card terminal"),
        "amount": _("Amount"),
        "received": _("Received"),
        "receipt_no": _("Receipt number"),
        "change": pgettext("money", "Change"),
        "exact": pgettext("money", "Exact"),
        "take": _("Take {amount}"),
        "taken": _("{amount} taken"),
        "give_back": _("Give {amount} back"),
        "too_little": _("That is not enough"),
        "paid_so_far": _("Paid already"),
        "hand_back_cash": _("Give {amount} back in cash"),
        "hand_back_terminal": _("Give {amount} back on the card terminal"),
        "guests_of": _("{table}, table closed · since {time}"),
        "hand_back_short": _("Money back"),
        "hand_back_title": _("{amount} handed back at {table}?"),
        "hand_back_text": _("Only after the guest has the money: it is booked at once."),
        "handed_back": _("Handed back"),
        "hand_back_done": _("{amount} is booked as handed back"),
        "refund_did_not_work": _("Paying {amount} back did not work. Please look in the admin."),
        "bill_waits": _("The bill is being made…"),
    }


def _log() -> dict[str, str]:
    return {
        "day_before": _("The day before"),
        "day_after": _("The day after"),
        "day": _("Day"),
        "no_log": _("No orders on this day"),
        "no_log_text": _("They are listed here, newest first."),
        "orders_count": _("{n} orders"),
        "orders_count_one": _("{n} order"),
        "took_minutes": _("{n} min to the table"),
        "by": _("by {name}"),
    }


def _trouble() -> dict[str, str]:
    return {
        "no_connection": _("No connection – showing {time}"),
        "no_connection_text": _("This may be out of date. We keep trying."),
        "not_loaded": _("No connection yet. We keep trying."),
        "signed_out": _("You are signed out"),
        "sign_in": _("Sign in"),
        "sound_blocked": _("Sound is off – tap to turn it on"),
        "not_sent": _("That did not go through. Please tap again."),
        "already": _("Somebody was faster. The board is up to date."),
        "not_allowed": _("Your role may not do this."),
        "failed": _("That did not work."),
    }
