"""Pages (`urlpatterns`) and API (`api_urlpatterns`, below /api/v1/)."""

from django.urls import URLPattern, URLResolver

app_name = "notifications"
urlpatterns: list[URLPattern | URLResolver] = []
api_urlpatterns: list[URLPattern | URLResolver] = []
