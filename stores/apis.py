"""What owners and managers do with tables and the store from the board."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from stores import qr, services
from stores.errors import UnknownTable
from stores.models import Table


class RotatedTokenOutput(serializers.Serializer[Any]):
    token = serializers.CharField()
    url = serializers.URLField()
    sheet = serializers.CharField(help_text="The page with the new card to print.")


class TakingOrdersInput(serializers.Serializer[Any]):
    accepting = serializers.BooleanField()
    message = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")


class TakingOrdersOutput(serializers.Serializer[Any]):
    accepting_orders = serializers.BooleanField()
    pause_message = serializers.CharField(allow_blank=True)


class TakingOrdersApi(APIView):
    """Pauses orders, with a word to the guests, or takes them again."""

    access = "staff"
    roles = frozenset({"owner", "manager"})
    throttle_scope = "staff"

    @extend_schema(request=TakingOrdersInput, responses=TakingOrdersOutput)
    def post(self, request: Request, store_id: UUID) -> Response:
        form = TakingOrdersInput(data=request.data)
        form.is_valid(raise_exception=True)
        if form.validated_data["accepting"]:
            store = services.resume_store(store_id=store_id)
        else:
            store = services.pause_store(store_id=store_id, message=form.validated_data["message"])
        return Response(TakingOrdersOutput(store).data)


class TableTokenRotateApi(APIView):
    """Gives a table a new code; the printed card ends at once."""

    access = "staff"
    roles = frozenset({"owner", "manager"})
    throttle_scope = "staff"

    @extend_schema(request=None, responses=RotatedTokenOutput)
    def post(self, request: Request, store_id: UUID, table_id: UUID) -> Response:
        if not Table.objects.filter(pk=table_id, store_id=store_id).exists():
            raise UnknownTable
        token = services.rotate_table_token(table_id=table_id)
        slug = request.membership.store_slug  # type: ignore[attr-defined]
        sheet = f"/staff/{slug}/tables/sheet/?table={table_id}"
        return Response({"token": token, "url": qr.table_url(token), "sheet": sheet})
