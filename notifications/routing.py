"""Sockets of the live process."""

from django.urls import path

from notifications import consumers

websocket_urlpatterns = [
    path("ws/t/<str:token>/", consumers.TabConsumer.as_asgi()),
    path("ws/staff/<slug:slug>/", consumers.StaffConsumer.as_asgi()),
]
