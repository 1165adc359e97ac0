"""What several pages of the menu's back office show alike."""

from copy import deepcopy
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.templatetags.static import static
from django.utils.translation import get_language

from events.kernel.money import format_money
from menus.models import (
    Photo,
    StoreSnapshot,
)


def settings_of(store_id: UUID) -> dict[str, Any]:
    store = StoreSnapshot.objects.filter(pk=store_id).first()
    return store.data if store else {}


def money(amount: int, store_id: UUID) -> str:
    return format_money(amount, settings_of(store_id).get("currency", "KRW"), get_language() or "en")


def thumbnail(photo: Photo | None) -> str:
    """The photo's small address; a plate when there is none."""
    document = photo.document if photo else None
    return document["w160"] if document else static("backoffice/dish.svg")


def own_field(form: Any, name: str) -> Any:
    """A field of this form class that may be changed for one request.

    A declared field is one object in all classes made of the form: what one owner's request sets in it, the
    form of another owner would show.
    """
    form.base_fields[name] = deepcopy(form.base_fields[name])
    return form.base_fields[name]


class InCurrency:
    """Mix into inlines and admins with prices: their forms speak the store's currency and main language."""

    def _prepared(self, form: Any, settings: dict[str, Any]) -> Any:
        if "price" in form.base_fields:
            own_field(form, "price").use(settings.get("currency", "KRW"))
        if "i18n" in form.base_fields:
            own_field(form, "i18n").widget.main = settings.get("language", "")
        return form

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        formset = super().get_formset(request, obj, **kwargs)  # type: ignore[misc]
        self._prepared(formset.form, getattr(request, "menu_settings", {}))
        return formset
