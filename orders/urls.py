"""Pages (`urlpatterns`) and API (`api_urlpatterns`, below /api/v1/)."""

from django.urls import URLPattern, URLResolver, include, path

from orders import views
from orders.apis import guest, staff

app_name = "orders"

urlpatterns: list[URLPattern | URLResolver] = [
    path("t/<slug:token>/", views.GuestPage.as_view(), name="guest"),
    path("staff/<slug:slug>/", views.board_page, name="board"),
]

_staff_urls = [
    path("board/", staff.BoardApi.as_view(), name="board"),
    path("log/", staff.LogApi.as_view(), name="log"),
    path("orders/accept/", staff.OrdersAcceptApi.as_view(), name="accept-orders"),
    path("orders/<uuid:order_id>/accept/", staff.OrderAcceptApi.as_view(), name="accept"),
    path("orders/<uuid:order_id>/reject/", staff.OrderRejectApi.as_view(), name="reject"),
    path("orders/<uuid:order_id>/ready/", staff.OrderReadyApi.as_view(), name="ready"),
    path("orders/<uuid:order_id>/served/", staff.OrderServedApi.as_view(), name="served"),
    path("orders/<uuid:order_id>/recall/", staff.OrderRecallApi.as_view(), name="recall"),
    path("orders/<uuid:order_id>/cancel/", staff.StaffOrderCancelApi.as_view(), name="staff-cancel"),
    path("lines/<uuid:line_id>/ready/", staff.LineReadyApi.as_view(), name="line-ready"),
    path("lines/<uuid:line_id>/undo/", staff.LineUndoApi.as_view(), name="line-undo"),
    path("lines/<uuid:line_id>/void/", staff.LineVoidApi.as_view(), name="line-void"),
    path("calls/<uuid:call_id>/answer/", staff.CallAnswerApi.as_view(), name="call-answer"),
    path("tables/<uuid:table_id>/open/", staff.TableOpenApi.as_view(), name="table-open"),
    path("tabs/<uuid:tab_id>/close/", staff.TabCloseApi.as_view(), name="tab-close"),
    path("tabs/<uuid:tab_id>/move/", staff.TabMoveApi.as_view(), name="tab-move"),
    path("tabs/<uuid:tab_id>/merge/", staff.TabMergeApi.as_view(), name="tab-merge"),
]

api_urlpatterns: list[URLPattern | URLResolver] = [
    path("t/<slug:token>/", guest.PageApi.as_view(), name="page"),
    path("t/<slug:token>/orders/", guest.OrdersApi.as_view(), name="orders"),
    path("t/<slug:token>/cart/", guest.CartApi.as_view(), name="cart"),
    path("t/<slug:token>/join/", guest.JoinApi.as_view(), name="join"),
    path("t/<slug:token>/calls/", guest.CallsApi.as_view(), name="calls"),
    path("orders/<uuid:order_id>/", guest.OrderApi.as_view(), name="order"),
    path("orders/<uuid:order_id>/cancel/", guest.OrderCancelApi.as_view(), name="order-cancel"),
    path("stores/<uuid:store_id>/", include(_staff_urls)),
]
