"""Below /sandbox/."""

from django.urls import path

from payments.gateways.sandbox.wallet import views

urlpatterns = [
    path("pay/<uuid:payment_id>/", views.pay_page, name="sandbox-pay"),
    path("api/payments/", views.payments),
    path("api/payments/<str:reference>/", views.payment),
    path("api/payments/<str:reference>/close/", views.close),
    path("api/payments/<str:reference>/refunds/", views.refunds),
    path("api/payments/<str:reference>/refunds/<str:refund_reference>/", views.refund),
]
