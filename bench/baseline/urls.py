"""A constant answer, a plain DRF order, and a plain task: the three baselines of the HTTP side."""

from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import path
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from bench.baseline.models import BareLine, BareOrder, BareOutbox

BODY = b'{"menu":"' + b"x" * 30_000 + b'"}'


def constant(request: HttpRequest) -> HttpResponse:
    """30 kB from memory: what the server can do at best."""
    return HttpResponse(BODY, content_type="application/json")


class LineSerializer(serializers.Serializer[Any]):
    item_id = serializers.UUIDField()
    quantity = serializers.IntegerField(min_value=1, max_value=99)
    options = serializers.ListField(child=serializers.UUIDField(), required=False)
    note = serializers.CharField(required=False, allow_blank=True)


class OrderSerializer(serializers.Serializer[Any]):
    menu_version = serializers.IntegerField()
    lines = LineSerializer(many=True)


class BareOrderApi(APIView):
    """Nested DRF serializer, one constant price, ORM insert of order + lines + outbox in one transaction."""

    def post(self, request: Request, tab: str) -> Response:
        data = OrderSerializer(data=request.data)
        data.is_valid(raise_exception=True)
        lines = data.validated_data["lines"]
        with transaction.atomic():
            order = BareOrder.objects.create(tab=tab, total=sum(6500 * line["quantity"] for line in lines))
            BareLine.objects.bulk_create(
                BareLine(
                    order=order,
                    item=line["item_id"],
                    name="떡볶이",
                    quantity=line["quantity"],
                    unit_price=6500,
                )
                for line in lines
            )
            BareOutbox.objects.create(topic="order.placed", payload={"order": order.pk, "lines": len(lines)})
        return Response({"id": order.pk, "total": order.total}, status=201)


urlpatterns = [path("constant/", constant), path("orders/<uuid:tab>/", BareOrderApi.as_view())]
