"""What staff do with the menu from the board: see it, sell out, restock."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from menus import services
from menus.selectors import items_of_store


class ItemOptionOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    group = serializers.CharField()
    sold_out = serializers.BooleanField()


class ItemOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    section = serializers.CharField()
    station = serializers.CharField()
    price = serializers.IntegerField()
    sold_out = serializers.BooleanField()
    options = ItemOptionOutput(many=True)


class ItemsOutput(serializers.Serializer[Any]):
    items = ItemOutput(many=True)


class SoldOutInput(serializers.Serializer[Any]):
    sold_out = serializers.BooleanField()
    option_id = serializers.UUIDField(required=False, allow_null=True)


class SoldOutOutput(serializers.Serializer[Any]):
    item_id = serializers.UUIDField()
    option_id = serializers.UUIDField(allow_null=True)
    sold_out = serializers.BooleanField()


class StoreItemsApi(APIView):
    """The store's dishes with what is sold out now."""

    access = "staff"
    throttle_scope = "staff"

    @extend_schema(responses=ItemsOutput)
    def get(self, request: Request, store_id: UUID) -> Response:
        return Response({"items": items_of_store(store_id)})


class ItemSoldOutApi(APIView):
    """Takes a dish or one of its options off every phone, or brings it back; at once, without publishing."""

    access = "staff"
    throttle_scope = "staff"

    @extend_schema(request=SoldOutInput, responses=SoldOutOutput)
    def post(self, request: Request, store_id: UUID, item_id: UUID) -> Response:
        data = SoldOutInput(data=request.data)
        data.is_valid(raise_exception=True)
        wanted = data.validated_data
        change = services.mark_sold_out if wanted["sold_out"] else services.restock
        option_id = wanted.get("option_id")
        change(
            store_id=store_id,
            item_id=item_id,
            option_id=option_id,
            actor_name=request.user.display_name,  # type: ignore[union-attr]
        )
        return Response({"item_id": item_id, "option_id": option_id, "sold_out": wanted["sold_out"]})
