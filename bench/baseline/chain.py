"""The bare alarm: `.delay()` → Celery task → `group_send` → Channels consumer → socket. No row."""

import os
from typing import Any

os.environ["DJANGO_SETTINGS_MODULE"] = "bench.baseline.settings"

import django

django.setup()

from asgiref.sync import async_to_sync  # noqa: E402
from celery import Celery  # noqa: E402
from channels.generic.websocket import AsyncJsonWebsocketConsumer  # noqa: E402
from channels.layers import get_channel_layer  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.urls import path  # noqa: E402

app = Celery("bare")
app.config_from_object("django.conf:settings", namespace="CELERY")


@app.task(name="bare.alarm")
def alarm(sent_at: float) -> None:
    layer = get_channel_layer()
    async_to_sync(layer.group_send)("bare", {"type": "alarm", "sent_at": sent_at})


class BareConsumer(AsyncJsonWebsocketConsumer):
    groups = ["bare"]

    async def alarm(self, message: dict[str, Any]) -> None:
        await self.send_json(message)


application = ProtocolTypeRouter({"websocket": URLRouter([path("ws/", BareConsumer.as_asgi())])})
