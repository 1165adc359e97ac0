"""The form of the staff's door."""

from typing import Any

from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from stores import lockout
from stores.backends import address_of
from stores.errors import TooManyAttempts


class SignInForm(AuthenticationForm):
    """Name and password; says plainly when there were too many attempts."""

    error_messages = {
        "invalid_login": _("Name or password is not right."),
        "inactive": _("This login is no longer in use."),
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].label = _("Name")
        self.fields["username"].widget.attrs |= {"autocapitalize": "none", "spellcheck": "false"}

    def clean(self) -> dict[str, Any]:
        name = self.cleaned_data.get("username", "")
        try:
            lockout.require_unlocked(name, address_of(self.request))
        except TooManyAttempts as error:
            minutes = error.extra["minutes"]
            text = ngettext(
                "Too many attempts. Try again in %(count)d minute.",
                "Too many attempts. Try again in %(count)d minutes.",
                minutes,
            )
            raise ValidationError(text % {"count": minutes}, code="locked") from None
        return super().clean()
