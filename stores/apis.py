"""What owners and managers do with tables from the board."""

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
