"""Why an order or a table ended where a rule ended it: kept as a code, told in the reader's language."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

BY_GUEST, NO_ANSWER = "by_guest", "no_answer"
IDLE, MERGED = "idle", "merged"

REASONS: Mapping[str, str | Promise] = {
    "sold_out": _("Sold out"),
    "busy": _("Too busy now"),
    "closing": _("We are closing"),
    NO_ANSWER: _("Nobody could take the order"),
    BY_GUEST: _("canceled by the guest"),
    IDLE: _("nobody there any more"),
}


def in_words(reason: str, code: str) -> str:
    """What a person typed, else the code in words; "" when nobody said.

    Rows of before keep a rule's reason as text, in the language of whoever was there: it is shown as it is.
    """
    return reason or str(REASONS.get(code, ""))
