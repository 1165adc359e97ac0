"""A store's menu: sections, preview, publishing, and what was published before."""

from collections.abc import Mapping
from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from events.kernel.backoffice import (
    ReadOnlyAdmin,
    ScopedTabularInline,
    StoreScopedAdmin,
    TellsRefusals,
    actor_of,
)
from events.kernel.money import format_money
from events.kernel.texts import localized
from menus import services
from menus.admin.display import InCurrency, settings_of
from menus.backoffice_forms import SectionForm
from menus.documents import difference, document_of, problems_of
from menus.errors import MenuNotReady
from menus.events import MenuDocument
from menus.models import (
    Menu,
    MenuVersion,
    Section,
)


class SectionInline(InCurrency, ScopedTabularInline):
    model = Section
    form = SectionForm
    fields = ("name", "i18n", "dishes", "position")
    readonly_fields = ("dishes",)
    ordering_field = "position"
    hide_ordering_field = True

    @display(description=_("dishes"))
    def dishes(self, section: Section) -> str:
        return str(section.items.count()) if section.pk else "0"


@admin.register(Menu)
class MenuAdmin(TellsRefusals, StoreScopedAdmin):
    """A store's menu: its sections, the preview and the way to publish."""

    list_display = ("name", "size", "published")
    fields = ("published",)
    readonly_fields = ("published",)
    inlines = (SectionInline,)
    actions = None
    actions_detail = ("dishes", "preview")
    actions_row = ("preview_row",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        return rows.annotate(dish_count=Count("sections__items", filter=Q(sections__items__visible=True)))

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        request.menu_settings = settings_of(obj.store_id) if obj else {}  # type: ignore[attr-defined]
        return super().get_form(request, obj, change=change, **kwargs)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # a store gets its menu when it opens

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @display(description=_("menu"))
    def name(self, menu: Menu) -> str:
        return str(menu)

    @display(description=_("dishes"))
    def size(self, menu: Any) -> int:
        return int(menu.dish_count)

    @display(description=_("published"))
    def published(self, menu: Menu) -> str:
        if menu.published_at is None:
            return gettext("not yet")
        return gettext("version %(number)d") % {"number": menu.version_number}

    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Who has one menu goes straight to it."""
        rows = list(self.get_queryset(request)[:2])
        if len(rows) == 1 and self.has_view_permission(request):
            return HttpResponseRedirect(self.row_url(rows[0].pk))
        return super().changelist_view(request, *args, **kwargs)

    @action(description=_("Dishes"), permissions=("view",), icon="restaurant")
    def dishes(self, request: HttpRequest, object_id: str) -> HttpResponse:
        menu = self.object_or_404(request, object_id)
        return HttpResponseRedirect(
            f"{reverse('admin:menus_item_changelist')}?section__menu__id__exact={menu.pk}"
        )

    @action(description=_("Preview and publish"), permissions=("view",), url_path="publish", icon="publish")
    def preview(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._publish_page(request, object_id)

    @action(description=_("Preview and publish"), permissions=("view",), url_path="publish-from-list")
    def preview_row(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:menus_menu_preview", args=[object_id]))

    def _publish_page(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """GET shows what guests would see and what changes; only the CSRF-checked POST publishes."""
        menu = self.object_or_404(request, object_id)
        if request.method == "POST":
            return self._publish(request, menu)
        return TemplateResponse(request, "menus/publish.html", self._publish_context(request, menu))

    def _publish(self, request: HttpRequest, menu: Menu) -> HttpResponse:
        before = menu.version_number
        actor_id, actor_name = actor_of(request)
        try:
            version = services.publish_menu(menu_id=menu.pk, actor_id=actor_id, actor_name=actor_name)
        except MenuNotReady as error:
            for problem in error.problems:
                messages.error(request, problem)
            return HttpResponseRedirect(request.path)
        if version.version_number == before:
            messages.info(request, gettext("Nothing has changed since the last version."))
        else:
            self.log_change(request, menu, f"version {version.version_number}")
            messages.success(request, gettext("Published. Guests see it now."))
        return HttpResponseRedirect(self.row_url(menu.pk))

    def _publish_context(self, request: HttpRequest, menu: Menu) -> dict[str, Any]:
        settings = settings_of(menu.store_id)
        document, last = document_of(menu), services.last_version(menu)
        currency, reader = settings.get("currency", "KRW"), get_language() or "en"
        wanted = request.GET.get("language", "")
        language = wanted if wanted in settings.get("languages", []) else settings.get("language", "ko")
        return {
            **self.admin_site.each_context(request),
            "title": gettext("Preview and publish"),
            "opts": self.opts,
            "menu": menu,
            "back_url": self.row_url(menu.pk),
            "problems": problems_of(menu, document),
            "differences": difference(last.document if last else None, document, currency, reader),
            "is_first": last is None,
            "changed": last is None or last.document != document,
            "sections": _preview(document, settings, language, currency),
            "language": language,
            "languages": settings.get("languages", []),
        }


def _preview(
    document: MenuDocument, settings: dict[str, Any], language: str, currency: str
) -> list[dict[str, Any]]:
    """The menu in one language, with prices as its readers write them."""
    main = settings.get("language", "ko")

    def text(row: Mapping[str, Any], field: str = "name") -> str:
        return localized({**row, "language": main}, field, language)

    return [
        {
            "name": text(section),
            "items": [
                {
                    "name": text(item),
                    "description": text(item, "description"),
                    "price": format_money(item["price"], currency, language),
                    "photo": item["photo"]["w160"] if item["photo"] else "",
                    "missing": language != main and not (item["i18n"].get(language) or {}).get("name"),
                    "groups": [
                        f"{text(group)}: " + ", ".join(text(option) for option in group["options"])
                        for group in item["option_groups"]
                    ],
                }
                for item in section["items"]
            ],
        }
        for section in document["sections"]
    ]


@admin.register(MenuVersion)
class MenuVersionAdmin(ReadOnlyAdmin, StoreScopedAdmin):
    """What was published, when and by whom."""

    list_display = ("version_number", "published_at", "published_by")
    fields = ("version_number", "published_at", "published_by", "changes")
    readonly_fields = fields
    ordering = ("-published_at",)
    actions = None

    @display(description=_("changes"))
    def changes(self, version: MenuVersion) -> str:
        before = version.menu.versions.filter(version_number__lt=version.version_number)
        last = before.order_by("-version_number").first()
        currency = settings_of(version.store_id).get("currency", "KRW")
        found = difference(
            last.document if last else None, version.document, currency, get_language() or "en"
        )
        return "\n".join(f"{row.what}: {', '.join(row.details)}" for row in found) or "–"
