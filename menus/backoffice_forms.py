"""Forms of the back office for menus: prices in the store's currency, texts in four languages."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminFileFieldWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from events.kernel.money import exponent_of, to_decimal
from events.kernel.translations import TranslationsField
from menus import pictures
from menus.codes import ALLERGENS, DIETS
from menus.models import MAX_PRICE, Item, Option, OptionGroup, Photo, Section, StoreSnapshot


class PriceField(forms.DecimalField):
    """Minor units in Python, the currency's own decimals on the screen."""

    def __init__(self, currency: str = "KRW", **kwargs: Any) -> None:
        super().__init__(min_value=0, **kwargs)
        self.use(currency)

    def use(self, currency: str) -> None:
        """Shows and reads amounts of this currency from now on."""
        self.currency = currency
        self.decimal_places = exponent_of(currency)
        self.widget = UnfoldAdminTextInputWidget(
            {"inputmode": "decimal" if self.decimal_places else "numeric", "size": 8, "suffix": currency}
        )
        self.widget.is_required = self.required

    def prepare_value(self, value: Any) -> Any:
        return to_decimal(value, self.currency) if isinstance(value, int) else value

    def to_python(self, value: Any) -> Any:
        return super().to_python(value.replace(",", "").strip() if isinstance(value, str) else value)

    def clean(self, value: Any) -> Any:
        amount = super().clean(value)
        if amount is None:
            return None
        minor = amount.scaleb(self.decimal_places or 0)
        if minor != minor.to_integral_value():
            raise forms.ValidationError(_("Too many decimals for this currency."))
        if minor > MAX_PRICE:
            raise forms.ValidationError(_("This price is too high."))
        return int(minor)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)

    def validate(self, value: Decimal | None) -> None:  # decimals are judged after scaling
        forms.Field.validate(self, value)
        if value is not None and not value.is_finite():
            raise forms.ValidationError(_("Enter a number."))


class CodesField(forms.MultipleChoiceField):
    """Codes of a fixed list, ticked."""

    def __init__(self, choices: Any, **kwargs: Any) -> None:
        super().__init__(
            choices=choices, required=False, widget=UnfoldAdminCheckboxSelectMultipleWidget, **kwargs
        )


class SectionForm(forms.ModelForm):  # type: ignore[type-arg]
    i18n = TranslationsField({"name": 60}, compact=True)

    class Meta:
        model = Section
        fields = ("name", "i18n", "position")


class ItemForm(forms.ModelForm):  # type: ignore[type-arg]
    price = PriceField(label=_("Price"))
    i18n = TranslationsField({"name": 80, "description": 300})
    allergens = CodesField(ALLERGENS, label=_("Allergens"))
    diet = CodesField(DIETS, label=_("Diet"))
    new_photo = forms.FileField(
        label=_("New photo"),
        required=False,
        help_text=_("JPEG, PNG, WebP or AVIF, at most 8 MB. It is made small and freed of hidden data."),
        widget=UnfoldAdminFileFieldWidget,
    )

    class Meta:
        model = Item
        fields = (
            "section", "name", "description", "i18n", "price", "photo", "allergens", "diet", "spicy",
            "featured", "visible", "station", "minutes", "tax_rate_bp",
        )  # fmt: skip
        widgets = {"description": UnfoldAdminTextareaWidget({"rows": 2})}

    class Media:
        css = {"all": ["menus/backoffice.css"]}

    def clean_new_photo(self) -> Any:
        return refuse_bad_photo(self.cleaned_data.get("new_photo"))

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        section = values.get("section")
        if section is not None:
            store = StoreSnapshot.objects.filter(pk=section.menu.store_id).first()
            theirs = store.data["currency"] if store else self.fields["price"].currency  # type: ignore[attr-defined]
            if theirs != self.fields["price"].currency:  # type: ignore[attr-defined]
                self.add_error("section", gettext("This section's prices are in %s.") % theirs)
            photo = values.get("photo")
            if photo is not None and photo.store_id != section.menu.store_id:
                self.add_error("photo", gettext("This photo belongs to another store."))
        return values


class ItemRowForm(forms.ModelForm):  # type: ignore[type-arg]
    """A row of the list: only the switch and the place."""

    class Meta:
        model = Item
        fields = ("sold_out", "position")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        switch = self.fields["sold_out"]
        # The list is posted whole: what was shown tells whether a switch was turned, not the row of now.
        switch.show_hidden_initial = True
        switch.widget.attrs["aria-label"] = f"{switch.label}: {self.instance.name}"


class OptionGroupForm(forms.ModelForm):  # type: ignore[type-arg]
    i18n = TranslationsField({"name": 60}, compact=True)

    class Meta:
        model = OptionGroup
        fields = ("name", "i18n", "minimum", "maximum", "position")


class OptionForm(forms.ModelForm):  # type: ignore[type-arg]
    price = PriceField(label=_("Extra"), required=False, initial=0)
    i18n = TranslationsField({"name": 60}, compact=True)

    class Meta:
        model = Option
        fields = ("name", "price", "i18n", "position")

    def clean_price(self) -> int:
        return self.cleaned_data.get("price") or 0

    def save(self, commit: bool = True) -> Any:
        option = super().save(commit=False)
        if commit:
            option.save_draft()
        return option


class PhotoForm(forms.ModelForm):  # type: ignore[type-arg]
    store = forms.ChoiceField(label=_("Store"))
    file = forms.FileField(
        label=_("Picture"),
        widget=UnfoldAdminFileFieldWidget,
        help_text=_("JPEG, PNG, WebP or AVIF, at most 8 MB."),
    )

    class Meta:
        model = Photo
        fields = ("title",)

    def clean_file(self) -> Any:
        return refuse_bad_photo(self.cleaned_data.get("file"))

    def clean_store(self) -> UUID:
        return UUID(self.cleaned_data["store"])


def refuse_bad_photo(file: Any) -> Any:
    """Raises ValidationError with the reason when the upload is no picture we can show."""
    if file and (reason := pictures.refusal_of(file)):
        raise forms.ValidationError(pictures.reason_text(reason))
    return file
