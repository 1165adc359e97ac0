"""Catch-up by number, taking alarms, signs of life from the boards' devices."""

from typing import Any, cast
from uuid import UUID

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from notifications import selectors, services
from notifications.models import store_channel, tab_channel

DEVICE_LENGTH = 64


class NotificationOutput(serializers.Serializer[Any]):
    seq = serializers.IntegerField()
    id = serializers.UUIDField()
    kind = serializers.CharField()
    level = serializers.IntegerField(help_text="How often it was escalated.")
    alarm = serializers.BooleanField()
    created_at = serializers.DateTimeField()
    acked_at = serializers.DateTimeField(allow_null=True)
    acked_by = serializers.CharField(allow_blank=True)
    subject_id = serializers.UUIDField(allow_null=True)
    data = serializers.DictField()  # type: ignore[assignment]


class NotificationsOutput(serializers.Serializer[Any]):
    seq = serializers.IntegerField(help_text="Ask again with `after` set to this number.")
    items = NotificationOutput(many=True)


class AfterInput(serializers.Serializer[Any]):
    after = serializers.IntegerField(min_value=0, max_value=services.BIGGEST_SEQ, required=False)


class AckInput(serializers.Serializer[Any]):
    device = serializers.CharField(max_length=DEVICE_LENGTH, required=False, default="", allow_blank=True)


class BulkAckInput(AckInput):
    seqs = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=services.BIGGEST_SEQ),
        min_length=1,
        max_length=200,
    )


class HeartbeatInput(serializers.Serializer[Any]):
    device = serializers.CharField(max_length=DEVICE_LENGTH)
    sound = serializers.BooleanField()
    wake_lock = serializers.BooleanField()


def _valid(serializer: serializers.Serializer[Any]) -> dict[str, Any]:
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


def _caller(request: Request) -> Any:
    """A guest's identity or a member of staff; the access policy let nobody else in."""
    return request.user


def _role(request: Request) -> str:
    """The person's role in the store of the address."""
    return str(cast(Any, request).membership.role)


def _catch_up(channel: str, after: int | None, role: str = "") -> dict[str, Any]:
    if after is None:
        items = selectors.latest_notifications(channel, role)
    else:
        items = selectors.notifications_after(channel, after, role)
    # An empty answer never moves the caller forward: a row may have come since it was read.
    seq = items[-1]["seq"] if items else min(after or 0, selectors.channel_state(channel).last_seq)
    return {"seq": seq, "items": items}


class GuestNotificationsApi(APIView):
    """What a tab was told after a number; at most 200 at once."""

    access = "guest"

    @extend_schema(operation_id="guest_notifications", parameters=[AfterInput], responses=NotificationsOutput)
    def get(self, request: Request, token: str) -> Response:
        after = _valid(AfterInput(data=request.query_params)).get("after", 0)
        return Response(_catch_up(tab_channel(_caller(request).tab_id), after))


class StoreNotificationsApi(APIView):
    """What the caller's role was told after a number, at most 200 at once; without a number the last 50.

    What is meant for other roles is left out, and its number with it.
    """

    access = "staff"
    throttle_scope = "staff"

    @extend_schema(operation_id="store_notifications", parameters=[AfterInput], responses=NotificationsOutput)
    def get(self, request: Request, store_id: UUID) -> Response:
        after = _valid(AfterInput(data=request.query_params)).get("after")
        return Response(_catch_up(store_channel(store_id), after, _role(request)))


class AcknowledgeApi(APIView):
    """Takes one alarm that is meant for the caller's role; taking it twice changes nothing."""

    access = "staff"
    throttle_scope = "staff"

    @extend_schema(operation_id="acknowledge", request=AckInput, responses=NotificationOutput)
    def post(self, request: Request, store_id: UUID, seq: int) -> Response:
        if seq > services.BIGGEST_SEQ:
            raise Http404
        device = _valid(AckInput(data=request.data))["device"]
        return Response(_acknowledge(request, store_id, [seq], device)[0])


class BulkAcknowledgeApi(APIView):
    """Takes several alarms at once, all or none."""

    access = "staff"
    throttle_scope = "staff"

    @extend_schema(
        operation_id="acknowledge_all", request=BulkAckInput, responses=NotificationOutput(many=True)
    )
    def post(self, request: Request, store_id: UUID) -> Response:
        data = _valid(BulkAckInput(data=request.data))
        return Response(_acknowledge(request, store_id, data["seqs"], data["device"]))


def _acknowledge(request: Request, store_id: UUID, seqs: list[int], device: str) -> list[dict[str, Any]]:
    rows = services.acknowledge(
        store_id=store_id,
        seqs=seqs,
        role=_role(request),
        actor_id=_caller(request).pk,
        actor_name=_caller(request).display_name,
        device=device,
    )
    return [selectors.notification_json(row) for row in rows]


class HeartbeatApi(APIView):
    """A board's device says that it is there and whether it can ring."""

    access = "staff"
    throttle_scope = "staff"

    @extend_schema(operation_id="device_heartbeat", request=HeartbeatInput, responses={204: None})
    def post(self, request: Request, store_id: UUID) -> Response:
        services.record_heartbeat(
            store_id=store_id,
            user_id=_caller(request).pk,
            user_name=_caller(request).display_name,
            **_valid(HeartbeatInput(data=request.data)),
        )
        return Response(status=204)
