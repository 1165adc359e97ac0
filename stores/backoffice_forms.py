"""Forms of the back office for stores, tables and staff."""

from datetime import date
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.forms import BaseDialogForm
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminColorInputWidget,
    UnfoldAdminPasswordWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from events.kernel.translations import TranslationsField
from stores.models import StaffMembership, Store, Table, User


class DatesField(forms.CharField):
    """One date per line; a list of ISO dates in Python."""

    widget = UnfoldAdminTextareaWidget({"rows": 3, "placeholder": "2026-12-25"})

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:
        text = super().clean(value)
        try:
            return sorted({date.fromisoformat(word).isoformat() for word in text.replace(",", " ").split()})
        except ValueError:
            raise forms.ValidationError(_("Dates such as 2026-12-25, one per line.")) from None

    def has_changed(self, initial: Any, data: Any) -> bool:
        return list(initial or []) != str(data or "").split()


class StoreForm(forms.ModelForm):  # type: ignore[type-arg]
    language = forms.ChoiceField(
        label=_("Main language"), choices=settings.LANGUAGES, widget=UnfoldAdminSelectWidget
    )
    languages = forms.MultipleChoiceField(
        label=_("Languages of the guest page"),
        choices=settings.LANGUAGES,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )
    closed_dates = DatesField(label=_("Dates"), required=False)
    i18n = TranslationsField({"name": 80, "branch": 80})

    class Meta:
        model = Store
        fields = (
            "name", "branch", "slug", "i18n", "phone", "address", "language", "languages", "brand_color",
            "pay_after", "tab_opening", "currency", "tax_rate_bp", "timezone", "day_cutoff_hour",
            "closed_dates", "warn_minutes", "late_minutes", "unpaid_minutes", "auto_reject_minutes",
        )  # fmt: skip
        widgets = {"brand_color": UnfoldAdminColorInputWidget}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["i18n"].widget.main = self.instance.language


class TableForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Table
        fields = ("store", "name", "zone", "seats", "position", "shape", "x", "y", "width", "height")


class HireForm(forms.ModelForm):  # type: ignore[type-arg]
    """A new person with a login of their own."""

    name = forms.CharField(label=_("Name"), max_length=150, widget=UnfoldAdminTextInputWidget)
    username = forms.CharField(
        label=_("Login name"),
        max_length=150,
        validators=[UnicodeUsernameValidator()],
        widget=UnfoldAdminTextInputWidget({"autocomplete": "off", "autocapitalize": "none"}),
    )
    password = forms.CharField(
        label=_("First password"), widget=UnfoldAdminPasswordWidget({"autocomplete": "new-password"})
    )

    class Meta:
        model = StaffMembership
        fields = ("store", "role")

    def clean_username(self) -> str:
        name = str(self.cleaned_data["username"])
        if User.objects.filter(username__iexact=name).exists():
            raise forms.ValidationError(gettext("This login name is taken."))
        return name

    def clean_password(self) -> str:
        password = str(self.cleaned_data["password"])
        validate_password(password, User(username=self.cleaned_data.get("username", "")))
        return password


class RoleForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = StaffMembership
        fields = ("role",)


class PauseForm(BaseDialogForm):
    message = forms.CharField(
        label=_("What guests read"), required=False, max_length=200, widget=UnfoldAdminTextInputWidget
    )


class PasswordForm(BaseDialogForm):
    password = forms.CharField(
        label=_("New password"), widget=UnfoldAdminPasswordWidget({"autocomplete": "new-password"})
    )

    def clean_password(self) -> str:
        password = str(self.cleaned_data["password"])
        validate_password(password)
        return password
