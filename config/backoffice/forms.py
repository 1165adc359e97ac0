"""Signing in to the back office."""

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from unfold.forms import AuthenticationForm

from config.identity import memberships_of
from events.kernel.backoffice import MANAGERS


class BackOfficeLoginForm(AuthenticationForm):
    """Only owners and managers enter; others are told where their door is."""

    def confirm_login_allowed(self, user: Any) -> None:
        if user.is_superuser or any(row.role in MANAGERS for row in memberships_of(user).values()):
            super().confirm_login_allowed(user)
            return
        raise ValidationError(
            _("This is the owner's office. Your board is at /staff/."), code="not-a-manager"
        )
