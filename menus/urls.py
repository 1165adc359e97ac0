"""Pages (`urlpatterns`) and API (`api_urlpatterns`, below /api/v1/)."""

from django.urls import URLPattern, URLResolver, path

from menus import apis

app_name = "menus"
urlpatterns: list[URLPattern | URLResolver] = []
api_urlpatterns: list[URLPattern | URLResolver] = [
    path("stores/<uuid:store_id>/items/", apis.StoreItemsApi.as_view(), name="items"),
    path(
        "stores/<uuid:store_id>/items/<uuid:item_id>/sold-out/",
        apis.ItemSoldOutApi.as_view(),
        name="sold-out",
    ),
]
