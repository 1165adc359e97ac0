"""The admin site: who may enter, and the pages that belong to no single model."""

from typing import Any

from django.http import HttpRequest
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _
from unfold.sites import UnfoldAdminSite

from events.kernel.backoffice import may_enter


class BackOfficeSite(UnfoldAdminSite):
    """Owners and managers enter by their membership, platform admins everywhere."""

    index_title = _("Today")
    enable_nav_sidebar = True

    def has_permission(self, request: HttpRequest) -> bool:
        return may_enter(request)

    def extra_urls(self) -> list[URLPattern]:
        # Imported late: the site exists before the models that these pages read.
        from config.backoffice import pages

        return [
            path("queue/", self.admin_view(pages.queue_overview), name="queue"),
            path("story/<uuid:correlation_id>/", self.admin_view(pages.story), name="story"),
            path("taking-orders/", self.admin_view(pages.taking_orders), name="taking_orders"),
        ]

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        context = super().each_context(request)
        # The theme prints every registered app otherwise; our menu is the navigation.
        context["available_apps"] = []
        return context
