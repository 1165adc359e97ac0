"""The admin site: who may enter, and the pages that belong to no single model."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.sites import UnfoldAdminSite

from events.kernel.backoffice import may_enter
from events.kernel.database_choice import names_away

View = Callable[..., HttpResponse]


class BackOfficeSite(UnfoldAdminSite):
    """Owners and managers enter by their membership, platform admins everywhere."""

    index_title = _("Today")
    enable_nav_sidebar = True

    def has_permission(self, request: HttpRequest) -> bool:
        return may_enter(request)

    def admin_view(self, view: View, cacheable: bool = False) -> View:
        """Every page speaks the store's own time."""
        inner = super().admin_view(view, cacheable)

        @wraps(inner)
        def in_store_time(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            from config.backoffice.navigation import chosen_store

            store = chosen_store(request)
            with timezone.override(store.timezone if store else "UTC"):
                response = inner(request, *args, **kwargs)
                # Rendered later it would be in UTC again.
                if isinstance(response, TemplateResponse) and not response.is_rendered:
                    response.render()
            return response

        return in_store_time

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        # The theme's form carries no `next`; LOGIN_REDIRECT_URL is the staff's, not the owner's.
        if REDIRECT_FIELD_NAME not in {*request.GET, *request.POST}:
            query = request.GET.copy()
            query[REDIRECT_FIELD_NAME] = reverse("admin:index")
            request.GET = query  # type: ignore[assignment]
        return super().login(request, extra_context)

    def extra_urls(self) -> list[URLPattern]:
        # Imported late: the site exists before the models that these pages read.
        from config.backoffice import pages, queue_pages, snapshot_pages

        return [
            path("queue/", self.admin_view(queue_pages.overview), name="queue"),
            path("queue/act/", self.admin_view(queue_pages.act), name="queue_act"),
            path("queue/replay/", self.admin_view(queue_pages.replay_form), name="queue_replay"),
            path("queue/gone/", self.admin_view(queue_pages.gone), name="queue_gone"),
            path("queue/steps/", self.admin_view(queue_pages.steps), name="queue_steps"),
            path("queue/switch/", self.admin_view(queue_pages.switch), name="queue_switch"),
            path("snapshots/", self.admin_view(snapshot_pages.overview), name="snapshots"),
            path(
                "snapshots/runs/<uuid:run_id>/", self.admin_view(snapshot_pages.progress), name="snapshot_run"
            ),
            path(
                "snapshots/runs/<uuid:run_id>/go-on/",
                self.admin_view(snapshot_pages.go_on),
                name="snapshot_go_on",
            ),
            path("snapshots/<str:name>/", self.admin_view(snapshot_pages.check), name="snapshot"),
            path("snapshots/<str:name>/begin/", self.admin_view(snapshot_pages.begin), name="snapshot_begin"),
            path("story/<uuid:correlation_id>/", self.admin_view(pages.story), name="story"),
            path("taking-orders/", self.admin_view(pages.taking_orders), name="taking_orders"),
        ]

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        context = super().each_context(request)
        # The theme prints every registered app otherwise; our menu is the navigation.
        context["available_apps"] = []
        context["databases_away"] = names_away(request)
        return context
