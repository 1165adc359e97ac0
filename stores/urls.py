"""Pages (`urlpatterns`) and API (`api_urlpatterns`, below /api/v1/)."""

from django.urls import URLPattern, URLResolver, path

from stores import apis, views

app_name = "stores"

urlpatterns: list[URLPattern | URLResolver] = [
    path("staff/", views.choose_store, name="choose"),
    path("staff/login/", views.SignIn.as_view(), name="sign-in"),
    path("staff/logout/", views.SignOut.as_view(), name="sign-out"),
    path("staff/<slug:slug>/tables/sheet/", views.sheet_page, name="sheet"),
    path("staff/<slug:slug>/tables/sheet.pdf", views.sheet_pdf, name="sheet-pdf"),
]

api_urlpatterns: list[URLPattern | URLResolver] = [
    path("stores/<uuid:store_id>/taking-orders/", apis.TakingOrdersApi.as_view(), name="taking-orders"),
    path(
        "stores/<uuid:store_id>/tables/<uuid:table_id>/rotate-token/",
        apis.TableTokenRotateApi.as_view(),
        name="rotate-token",
    ),
]
