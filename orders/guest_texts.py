"""Every text that the guest page's browser modules show, in the reader's language.

Names in {braces} are filled in by the browser; a key ending in `_one` is used when {n} is 1.
"""

from collections.abc import Set

from django.utils.translation import gettext as _
from django.utils.translation import pgettext


def allergen_name(code: str) -> str:
    """The allergen's name; a code of the store's own as it is written."""
    return _allergens().get(code, code)


def diet_name(code: str) -> str:
    return _diets().get(code, code)


def guest_texts(codes: Set[str]) -> dict[str, str]:
    """key -> text, in the active language; of allergens and diets only those with one of `codes`."""
    allergens = {f"allergen_{code}": name for code, name in _allergens().items() if code in codes}
    diets = {f"diet_{code}": name for code, name in _diets().items() if code in codes}
    return {**_menu(), **_cart(), **_status(), **_news(), **_paying(), **_trouble(), **allergens, **diets}


def _allergens() -> dict[str, str]:
    return {
        "wheat": _("wheat"),
        "soy": _("soy"),
        "egg": _("egg"),
        "milk": _("milk"),
        "peanut": _("peanut"),
        "nuts": _("nuts"),
        "sesame": _("sesame"),
        "buckwheat": _("buckwheat"),
        "fish": _("fish"),
        "shellfish": _("shellfish"),
        "shrimp": _("shrimp"),
        "crab": _("crab"),
        "squid": _("squid"),
        "pork": _("pork"),
        "beef": _("beef"),
        "chicken": _("chicken"),
        "peach": _("peach"),
        "tomato": _("tomato"),
        "sulfites": _("sulfites"),
    }


def _diets() -> dict[str, str]:
    return {
        "vegan": _("Vegan"),
        "vegetarian": _("Vegetarian"),
        "halal": _("Halal"),
        "gluten_free": _("Gluten-free"),
        "no_pork": _("No pork"),
    }


def _menu() -> dict[str, str]:
    return {
        "me_short": pgettext("the guest's own face, one or two letters", "Me"),
        "added": _("Added {name}"),
        "add_to_cart": _("Add to cart"),
        "save": _("Save"),
        "close": _("Close"),
        "loading": _("One moment…"),
        "contains": _("Contains:"),
        "spicy_1": _("A little spicy"),
        "spicy_2": _("Spicy"),
        "spicy_3": _("Very spicy"),
        "choose_one": _("Choose 1"),
        "choose_least": _("Choose at least {n}"),
        "choose_most": _("Up to {n}"),
        "optional": _("If you like"),
        "please_choose": _("Please choose here first"),
        "note_label": _("A word to the kitchen"),
        "note_example": _("For example: no green onions"),
        "sold_out": _("Sold out"),
        "sold_out_long": _("Sold out for today. Sorry!"),
        "only_reading": _("You can look around; ordering is not open right now."),
        "dish_gone": _("This dish is not on the menu any more"),
        "quantity_of": _("How many: {name}"),
        "less_of": _("One less: {name}"),
        "more_of": _("One more: {name}"),
        "together_one": _("One person at this table"),
        "together": _("{n} people share this cart"),
        "language": _("Language"),
        "call_staff": _("Call staff"),
        "call_text": _("Someone will come to your table."),
        "call_in_person": _("Please wave to our staff, we are happy to help."),
        "call_help": _("Please come over"),
        "call_water": _("Water"),
        "call_cutlery": _("Cutlery"),
        "call_bill": _("The bill"),
        "call_other": _("Something else"),
        "called": _("Our staff has been told"),
    }


def _cart() -> dict[str, str]:
    return {
        "back_to_menu": _("Back to the menu"),
        "to_menu": _("To the menu"),
        "view_cart": _("View cart"),
        "cart_with_one": _("Cart, 1 dish"),
        "cart_with": _("Cart, {n} dishes"),
        "cart_title": _("Cart of table {name}"),
        "cart_empty": _("Nothing here yet"),
        "cart_empty_text": _("Tap + on a dish you like. Everyone at the table sees this cart."),
        "my_dishes": _("My dishes"),
        "change": _("Edit"),
        "not_available": _("Sold out, will not be ordered"),
        "share_link": _("Share the table's link"),
        "link_copied": _("Link copied"),
        "what_to_order": _("What to order"),
        "scope_all": _("Everything"),
        "scope_mine": _("Only mine"),
        "this_order_one": _("This order, 1 dish"),
        "this_order": _("This order, {n} dishes"),
        "expected": _("Expected time"),
        "about_minutes": _("about {n} min"),
        "order_pay": _("Order & pay"),
        "order_send": _("Send order"),
        "sending": _("Sending…"),
        "opening_wallet": _("Opening payment…"),
        "order_more": _("Order more"),
        "order_number": _("Order {number}"),
    }


def _status() -> dict[str, str]:
    return {
        "your_order": _("Your order"),
        "minutes": _("{n} min"),
        "until_ready": _("until ready"),
        "any_moment": _("Any moment now"),
        "step_received": _("Received"),
        "step_cooking": _("Cooking"),
        "step_ready": _("Ready"),
        "step_served": _("Served"),
        "tag_awaiting_payment": _("Not paid yet"),
        "tag_paid": _("Paid"),
        "tag_submitted": _("Sent"),
        "tag_accepted": _("Cooking"),
        "tag_in_progress": _("Cooking"),
        "tag_ready": _("Ready"),
        "tag_served": _("Served"),
        "tag_rejected": _("Not possible"),
        "tag_canceled": _("Canceled"),
        "tag_expired": _("Not paid"),
        "title_awaiting_payment": _("Almost there"),
        "title_paid": _("Your payment is in"),
        "title_submitted": _("The kitchen has your order"),
        "title_accepted": _("Cooking with care"),
        "title_in_progress": _("Cooking with care"),
        "title_ready": _("It is ready!"),
        "title_served": _("Enjoy your meal"),
        "title_rejected": _("Sorry, not this time"),
        "title_canceled": _("This order was canceled"),
        "title_expired": _("This order was not paid"),
        "text_awaiting_payment": _("Pay within {time} and the kitchen starts."),
        "text_paid": _("Your order is on its way to the kitchen."),
        "text_submitted": _("They will say in a moment how long it takes."),
        "text_accepted": _("The kitchen confirmed at {time}"),
        "text_in_progress": _("Your dishes are on the stove."),
        "text_ready": _("It is on its way to your table."),
        "text_served": _("Would you like anything else?"),
        "text_rejected": _("The kitchen cannot make it right now."),
        "reason_sold_out": _("Something in this order has just sold out."),
        "reason_busy": _("The kitchen is too busy right now."),
        "reason_closing": _("The kitchen is closing for today."),
        "reason_no_answer": _("Nobody could take the order in time."),
        "text_canceled": _("Nothing will be cooked."),
        "text_expired": _("Nothing was charged. Order again whenever you like."),
        "line_queued": _("Waiting"),
        "line_cooking": _("Cooking"),
        "line_ready": _("Ready"),
        "line_served": _("Served"),
        "line_canceled": _("Canceled"),
        "line_voided": _("Taken off"),
        "ordered_dishes": _("What you ordered"),
        "other_orders": _("Other orders of this table"),
        "order_again": _("Order this again"),
        "some_missing": _("Not everything can be had right now."),
        "cancel_order": _("Cancel this order"),
        "order_unknown": _("We cannot find this order"),
        "order_unknown_text": _("It may belong to another table. Your own orders are on the bill."),
        "ring_title": _("Shall we ring when it is ready?"),
        "ring_text": _("Keep this page open."),
        "ring_me": _("Ring me"),
        "sound_on": _("We will ring here when it is ready."),
        "refunded": _("{amount} was paid back"),
        "refund_under_way": _("{amount} is on its way back to you"),
    }


def _news() -> dict[str, str]:
    return {
        "news_order_accepted": _("Order {number}: ready in about {n} min"),
        "news_line_ready": _("{name} is ready"),
        "news_order_ready": _("Order {number} is ready!"),
        "news_order_rejected": _("Sorry, the kitchen could not take order {number}"),
        "news_order_canceled": _("Order {number} was canceled"),
        "news_refund_completed": _("{amount} was paid back"),
        "news_refund_failed": _("{amount} could not be sent back yet. Our staff will settle it with you."),
        "news_payment_failed": _("The payment did not go through. Please try again."),
        "news_call_answered": _("Our staff is on the way"),
        "news_tab_moved": _("You sit at table {name} now"),
        "thank_you_short": _("Goodbye"),
        "thank_you": _("Thank you for coming!"),
        "thank_you_text": _("This table's bill is closed. We hope to see you again soon."),
        "start_again": _("Order again"),
    }


def _paying() -> dict[str, str]:
    return {
        "to_bill": _("Orders and bill"),
        "bill_title": _("Bill of table {name}"),
        "bill_empty": _("No orders yet"),
        "bill_empty_text": _("What the table orders appears here."),
        "total": _("Total"),
        "paid": _("Paid"),
        "money_back": _("Paid back"),
        "left_to_pay": _("Left to pay"),
        "pay_now": _("Pay"),
        "pay_amount": _("Pay {amount}"),
        "pay_title": _("Pay for table {name}"),
        "what_to_pay": _("What to pay"),
        "share_all": _("All"),
        "share_mine": _("Mine"),
        "share_even": _("Evenly"),
        "share_amount": _("Amount"),
        "people_paying": _("People paying"),
        "fewer": _("One less"),
        "more": _("One more"),
        "amount_label": _("Your amount"),
        "you_pay": _("You pay"),
        "left_on_table": _("{amount} left on this table."),
        "how_to_pay": _("How"),
        "counter_question": _("Cash or a company card?"),
        "counter_answer": _("Pay at the counter and say “{name}”."),
        "all_paid": _("Everything is paid"),
        "all_paid_text": _("Thank you! There is nothing left to pay."),
    }


def _trouble() -> dict[str, str]:
    return {
        "ok": _("OK"),
        "failed": _("That did not work. Please try again."),
        "too_fast": _("That was a bit fast. Please try again in a moment."),
        "try_again": _("Try again"),
        "offline": _("You are offline"),
        "offline_text": _("The menu stays readable. Sending works again when the network is back."),
        "offline_short": _("No network right now. Please try again."),
        "slow": _("Updates arrive a little later."),
        "not_sent": _("Your order may not have arrived"),
        "not_sent_text": _("The network broke off. Send it again; it will be made only once."),
        "send_again": _("Send again"),
        "do_not_send": _("Leave it"),
        "cart_changed": _("Someone at your table just ordered this."),
        "menu_changed": _("The menu has just changed"),
        "menu_changed_text": _("Your cart is kept. Please have a look and order again."),
        "change_price": _("{name}: {old} → {new}"),
        "change_gone": _("{name} is no longer on the menu"),
        "change_sold_out": _("{name} has just sold out"),
        "change_options": _("{name} has other options now"),
        "closed": _("We are closed right now"),
        "closed_opens": _("We open at {time}. Feel free to look around."),
        "closed_text": _("Feel free to look around."),
        "paused": _("The kitchen takes a short break"),
        "paused_text": _("You can order again in a little while."),
        "waiting": _("One moment, please"),
        "waiting_text": _("Our staff opens this table for you. Just wave."),
        "join_failed": _("We could not connect"),
        "join_failed_text": _("The menu is readable; ordering needs a connection."),
        "old_code": _("This code is not in use any more"),
        "old_code_text": _("Please ask our staff for the new card."),
    }
