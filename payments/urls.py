"""Pages (`urlpatterns`) and API (`api_urlpatterns`, below /api/v1/)."""

from django.urls import URLPattern, URLResolver, include, path

from payments import apis, views
from payments.webhooks import WebhookView

app_name = "payments"
urlpatterns: list[URLPattern | URLResolver] = [
    path("hooks/<slug:gateway>/<slug:slug>/", WebhookView.as_view(), name="hook"),
    path("pay/return/<str:signed>/", views.PaymentReturnView.as_view(), name="return"),
    path("pay/return/<str:signed>/state/", views.PaymentStateView.as_view(), name="return-state"),
    path("pay/return/<str:signed>/complete/", views.PaymentCompleteView.as_view(), name="return-complete"),
    path("sandbox/", include("payments.gateways.sandbox.wallet.urls")),
]
api_urlpatterns: list[URLPattern | URLResolver] = [
    path("t/<str:token>/bill/", apis.TabBillApi.as_view(), name="bill"),
    path("t/<str:token>/payments/", apis.PaymentStartApi.as_view(), name="payments"),
    path("payments/<uuid:payment_id>/", apis.PaymentApi.as_view(), name="payment"),
    path("stores/<uuid:store_id>/tabs/<uuid:tab_id>/bill/", apis.StaffBillApi.as_view(), name="staff-bill"),
    path(
        "stores/<uuid:store_id>/tabs/<uuid:tab_id>/counter-payments/",
        apis.CounterPaymentApi.as_view(),
        name="counter-payments",
    ),
    path(
        "stores/<uuid:store_id>/payments/<uuid:payment_id>/refunds/",
        apis.RefundApi.as_view(),
        name="refunds",
    ),
    path("stores/<uuid:store_id>/hand-backs/", apis.HandBacksApi.as_view(), name="hand-backs"),
    path(
        "stores/<uuid:store_id>/refunds/<uuid:refund_id>/handed-back/",
        apis.HandBackApi.as_view(),
        name="hand-back",
    ),
]
