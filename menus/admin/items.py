"""Dishes with their choices, and the sold-out switch."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.widgets import UnfoldBooleanSwitchWidget

from events.kernel.backoffice import (
    ScopedStackedInline,
    ScopedTabularInline,
    StoreScopedAdmin,
    TellsRefusals,
    actor_of,
)
from menus import services
from menus.admin.display import InCurrency, money, settings_of, thumbnail
from menus.backoffice_forms import (
    ItemForm,
    ItemRowForm,
    OptionForm,
    OptionGroupForm,
)
from menus.errors import BadPhoto, StillPublished
from menus.models import (
    Item,
    Menu,
    Option,
    OptionGroup,
    Photo,
    Section,
)
from menus.selectors import published_items


class OptionInline(InCurrency, ScopedTabularInline):
    model = Option
    form = OptionForm
    fields = ("name", "price", "i18n", "position")
    ordering_field = "position"
    hide_ordering_field = True


class OptionGroupInline(InCurrency, ScopedStackedInline):
    model = OptionGroup
    form = OptionGroupForm
    fields = ("name", ("minimum", "maximum"), "i18n", "position")
    inlines = (OptionInline,)
    ordering_field = "position"
    hide_ordering_field = True


@admin.register(Item)
class ItemAdmin(InCurrency, TellsRefusals, StoreScopedAdmin):
    """Dishes with their choices. Everything waits for publishing, except what is sold out."""

    store_field = "section__menu__store_id"
    form = ItemForm
    list_display = ("dish", "price_text", "sold_out", "section", "position")
    list_editable = ("sold_out",)
    list_filter = (("section", admin.RelatedOnlyFieldListFilter), "sold_out", "featured", "visible")
    search_fields = ("name", "description")
    list_select_related = ("section__menu", "photo")
    list_per_page = 200
    ordering = ("section__menu", "section__position", "position", "name")
    ordering_field = "position"
    hide_ordering_field = True
    actions = None
    actions_list = ("preview",)
    inlines = (OptionGroupInline,)
    fieldsets = (
        (None, {"fields": (("section", "price"), "name", "description", "i18n")}),
        (_("Photo"), {"fields": ("photo", "new_photo")}),
        (_("Allergens and diet"), {"fields": ("allergens", "diet", "spicy")}),
        (
            _("On the menu and in the kitchen"),
            {"fields": (("visible", "featured"), ("station", "minutes"), "tax_rate_bp")},
        ),
    )

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        return lookup == "section__menu__id__exact" or super().lookup_allowed(lookup, value, request)

    def get_changelist_form(self, request: HttpRequest, **kwargs: Any) -> Any:
        return ItemRowForm

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "sold_out":
            kwargs["widget"] = UnfoldBooleanSwitchWidget()
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        stores = list(self.stores_for(request, edit=True))
        if db_field.name == "section":
            kwargs["queryset"] = Section.objects.filter(menu__store_id__in=stores).select_related("menu")
        if db_field.name == "photo":
            kwargs["queryset"] = Photo.objects.filter(store_id__in=stores).order_by("title", "created_at")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        stores = list(self.stores_for(request))
        store_id = obj.section.menu.store_id if obj else (stores[0] if stores else None)
        request.menu_settings = settings_of(store_id) if store_id else {}  # type: ignore[attr-defined]
        form = super().get_form(request, obj, change=change, **kwargs)
        return self._prepared(form, request.menu_settings)  # type: ignore[attr-defined]

    @display(description=_("dish"), header=True, ordering="name")
    def dish(self, item: Item) -> list[Any]:
        note = None if item.visible else gettext("not on the menu")
        picture = {"path": thumbnail(item.photo), "squared": True, "width": 40, "height": 40}
        return [item.name, note, None, picture]

    @display(description=_("price"), ordering="price")
    def price_text(self, item: Item) -> str:
        return money(item.price, item.section.menu.store_id)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """The draft is saved as it is; "sold out" goes through the service, so that phones hear of it."""
        if upload := form.cleaned_data.get("new_photo"):
            self._add_photo(request, obj, upload)
        if not change:
            obj.position = obj.section.items.count()
        obj.save_draft()
        if "sold_out" in form.changed_data:
            tell = services.mark_sold_out if form.cleaned_data["sold_out"] else services.restock
            tell(store_id=obj.section.menu.store_id, item_id=obj.pk, actor_name=actor_of(request)[1])

    def _add_photo(self, request: HttpRequest, item: Any, upload: Any) -> None:
        try:
            item.photo = services.upload_photo(
                store_id=item.section.menu.store_id, file=upload, title=item.name
            )
            messages.info(request, gettext("The photo is being prepared; it takes a few seconds."))
        except BadPhoto as error:
            messages.error(request, str(error.detail))

    def delete_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        """Says at once, not after a confirmation, that guests still see the dish."""
        item = self.get_object(request, unquote(object_id))
        if item is not None and item.pk in published_items(item.section.menu.store_id):
            messages.error(request, str(StillPublished.title))
            return HttpResponseRedirect(self.row_url(item.pk))
        return self._told(request, super().delete_view, object_id, *args, **kwargs)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        services.delete_item(store_id=obj.section.menu.store_id, item_id=obj.pk)

    @action(description=_("Preview and publish"), permissions=("view",), icon="publish")
    def preview(self, request: HttpRequest) -> HttpResponse:
        menus = list(
            Menu.objects.filter(store_id__in=self.stores_for(request)).values_list("pk", flat=True)[:2]
        )
        if len(menus) == 1:
            return HttpResponseRedirect(reverse("admin:menus_menu_preview", args=menus))
        return HttpResponseRedirect(reverse("admin:menus_menu_changelist"))
