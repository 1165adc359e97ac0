"""The composition root: every context's pages and API under one roof."""

from django.contrib import admin
from django.urls import include, path, re_path
from django.views.i18n import set_language
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularSwaggerSplitView

from config import openapi  # noqa: F401  registers the authentication schemes
from config.asyncapi import asyncapi
from config.brand import brand_css
from config.health import healthz, readyz
from config.media import media
from config.metrics import metrics
from menus import urls as menus
from notifications import urls as notifications
from orders import urls as orders
from payments import urls as payments
from stores import urls as stores

CONTEXTS = (orders, payments, notifications, menus, stores)  # what phones ask most comes first
PAGES = (stores, orders, payments, notifications, menus)  # /staff/login/ before /staff/<slug>/

urlpatterns = [
    *(
        path("api/v1/", include((c.api_urlpatterns, c.app_name), namespace=f"{c.app_name}-api"))
        for c in CONTEXTS
    ),
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
    path("language/", set_language, name="set_language"),
    path("admin/", admin.site.urls),
    path("api/v1/schema/", SpectacularJSONAPIView.as_view(), name="schema"),
    path("api/v1/asyncapi.json", asyncapi, name="asyncapi"),
    path(
        "api/v1/docs/",
        SpectacularSwaggerSplitView.as_view(url_name="schema", template_name="api_docs.html"),
        name="docs",
    ),
    *(path("", include((c.urlpatterns, c.app_name), namespace=c.app_name)) for c in PAGES),
    re_path(r"^brand/(?P<color>[0-9a-f]{6})\.css$", brand_css, name="brand-css"),
    path("media/<path:path>", media),
]

handler400 = "config.errors.bad_request"
handler403 = "config.errors.permission_denied"
handler404 = "config.errors.page_not_found"
handler500 = "config.errors.server_error"
