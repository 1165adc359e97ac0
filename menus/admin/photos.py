"""Photos of dishes."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget

from events.kernel.backoffice import (
    StoreScopedAdmin,
    TellsRefusals,
)
from menus import pictures, services
from menus.admin.display import own_field, thumbnail
from menus.backoffice_forms import (
    PhotoForm,
)
from menus.models import (
    Photo,
    PhotoState,
)


@admin.register(Photo)
class PhotoAdmin(TellsRefusals, StoreScopedAdmin):
    """Photos: uploaded, then made small by the queue."""

    form = PhotoForm
    list_display = ("picture", "progress", "created_at")
    list_filter = ("state",)
    search_fields = ("title",)
    ordering = ("-created_at",)
    actions = None

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return ((None, {"fields": ("store", "title", "file")}),)
        return ((None, {"fields": ("large", "title", "progress")}),)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("large", "progress") if obj is not None else ()

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        if obj is not None:
            kwargs["form"] = forms.ModelForm
            return super().get_form(request, obj, change=change, **kwargs)
        form = super().get_form(request, obj, change=change, **kwargs)
        rows = self.stores_for(request, edit=True).values()
        choices = [(str(row.store_id), row.store_name) for row in rows]
        store = own_field(form, "store")
        store.choices, store.widget = choices, UnfoldAdminSelectWidget(choices=choices)
        return form

    @display(description=_("photo"), header=True)
    def picture(self, photo: Photo) -> list[Any]:
        look = {"path": thumbnail(photo), "squared": True, "width": 40, "height": 40}
        return [photo.title or gettext("Photo"), "", None, look]

    @display(description=_("photo"))
    def large(self, photo: Photo) -> SafeString | str:
        document = photo.document
        if document is None:
            return "–"
        return format_html('<img src="{}" width="320" alt="">', document["w320"])

    @display(description=_("state"))
    def progress(self, photo: Photo) -> str:
        if photo.state == PhotoState.FAILED:
            return pictures.reason_text(photo.failure)
        return photo.get_state_display()

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if change:
            obj.save(update_fields=["title"])
            return
        values = form.cleaned_data
        kept = services.upload_photo(store_id=values["store"], file=values["file"], title=values["title"])
        obj.pk, obj.store_id, obj._state.adding = kept.pk, kept.store_id, False
        messages.info(request, gettext("The photo is being prepared; it takes a few seconds."))
