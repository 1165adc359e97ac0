"""Pages (`urlpatterns`) and API (`api_urlpatterns`, below /api/v1/)."""

from django.urls import URLPattern, URLResolver, path

from notifications import apis
from notifications.printing.views import CloudPrinterView

app_name = "notifications"
urlpatterns: list[URLPattern | URLResolver] = [
    path("print/<str:token>/", CloudPrinterView.as_view(), name="cloud-printer"),
]
api_urlpatterns: list[URLPattern | URLResolver] = [
    path("t/<str:token>/notifications/", apis.GuestNotificationsApi.as_view(), name="guest"),
    path("stores/<uuid:store_id>/notifications/", apis.StoreNotificationsApi.as_view(), name="store"),
    path("stores/<uuid:store_id>/notifications/ack/", apis.BulkAcknowledgeApi.as_view(), name="ack-all"),
    path("stores/<uuid:store_id>/notifications/<int:seq>/ack/", apis.AcknowledgeApi.as_view(), name="ack"),
    path("stores/<uuid:store_id>/devices/heartbeat/", apis.HeartbeatApi.as_view(), name="heartbeat"),
]
