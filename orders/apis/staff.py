"""What staff may do with their store's orders, calls and tabs."""

from typing import Any, cast
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from orders import serializers as shapes
from orders import services
from orders.models import Order
from orders.selectors import board as selectors

FLOOR = frozenset({"owner", "manager", "floor"})
DECIDERS = frozenset({"owner", "manager"})


class StaffApi(APIView):
    """Base: members of the store only."""

    access = "staff"
    throttle_scope = "staff"

    def decides(self, request: Request) -> bool:
        """Whether the person may throw food or money away."""
        return request.membership.role in DECIDERS  # type: ignore[attr-defined]


class BoardApi(StaffApi):
    """Everything the board shows."""

    @extend_schema(responses=shapes.BoardOutput)
    def get(self, request: Request, store_id: UUID) -> Response:
        return Response(selectors.board(store_id, timezone.now()))


class LogApi(StaffApi):
    """A business day's orders, newest first."""

    @extend_schema(responses=shapes.LogOutput, parameters=[OpenApiParameter("day", str)])
    def get(self, request: Request, store_id: UUID) -> Response:
        data = _valid(shapes.LogInput, request.query_params)
        return Response(selectors.log(store_id, data.get("day"), timezone.now()))


class OrderAcceptApi(StaffApi):
    @extend_schema(request=shapes.AcceptInput, responses=shapes.TicketOutput)
    def post(self, request: Request, store_id: UUID, order_id: UUID) -> Response:
        data = _valid(shapes.AcceptInput, request.data)
        order = services.accept_order(
            store_id=store_id,
            order_id=order_id,
            minutes=data["minutes"],
            actor_name=_actor(request),
            now=timezone.now(),
        )
        return _ticket(order)


class OrdersAcceptApi(StaffApi):
    """Accepts several orders; those answered meanwhile are left out of the answer."""

    @extend_schema(
        operation_id="stores_orders_accept_many",
        request=shapes.AcceptManyInput,
        responses=shapes.TicketsOutput,
    )
    def post(self, request: Request, store_id: UUID) -> Response:
        data = _valid(shapes.AcceptManyInput, request.data)
        orders = services.accept_orders(
            store_id=store_id,
            order_ids=data["order_ids"],
            minutes=data["minutes"],
            actor_name=_actor(request),
            now=timezone.now(),
        )
        return Response({"tickets": [selectors.ticket_of(order) for order in orders]})


class OrderRejectApi(StaffApi):
    @extend_schema(request=shapes.RejectInput, responses=shapes.TicketOutput)
    def post(self, request: Request, store_id: UUID, order_id: UUID) -> Response:
        data = _valid(shapes.RejectInput, request.data)
        order = services.reject_order(
            store_id=store_id,
            order_id=order_id,
            reason_code=data["reason_code"],
            reason=data["reason"],
            actor_name=_actor(request),
            now=timezone.now(),
        )
        return _ticket(order)


class OrderReadyApi(StaffApi):
    @extend_schema(request=None, responses=shapes.TicketOutput)
    def post(self, request: Request, store_id: UUID, order_id: UUID) -> Response:
        return _ticket(services.mark_ready(store_id=store_id, order_id=order_id, now=timezone.now()))


class OrderServedApi(StaffApi):
    @extend_schema(request=None, responses=shapes.TicketOutput)
    def post(self, request: Request, store_id: UUID, order_id: UUID) -> Response:
        return _ticket(services.mark_served(store_id=store_id, order_id=order_id, now=timezone.now()))


class OrderRecallApi(StaffApi):
    """Takes the last ready or served back, within a minute."""

    @extend_schema(request=None, responses=shapes.TicketOutput)
    def post(self, request: Request, store_id: UUID, order_id: UUID) -> Response:
        return _ticket(services.recall_order(store_id=store_id, order_id=order_id, now=timezone.now()))


class StaffOrderCancelApi(StaffApi):
    """Takes an order back: anybody on the floor before cooking, owner and manager after."""

    roles = FLOOR

    @extend_schema(request=shapes.ReasonInput, responses=shapes.TicketOutput)
    def post(self, request: Request, store_id: UUID, order_id: UUID) -> Response:
        data = _valid(shapes.ReasonInput, request.data)
        order = services.cancel_order(
            order_id=order_id,
            store_id=store_id,
            reason=data["reason"],
            actor_kind="staff",
            actor_name=_actor(request),
            may_void=self.decides(request),
            now=timezone.now(),
        )
        return _ticket(order)


class LineReadyApi(StaffApi):
    @extend_schema(request=None, responses=shapes.TicketOutput)
    def post(self, request: Request, store_id: UUID, line_id: UUID) -> Response:
        return _ticket(services.mark_line_ready(store_id=store_id, line_id=line_id, now=timezone.now()))


class LineUndoApi(StaffApi):
    """Takes the line's last step back, within a minute."""

    @extend_schema(request=None, responses=shapes.TicketOutput)
    def post(self, request: Request, store_id: UUID, line_id: UUID) -> Response:
        return _ticket(services.undo_line(store_id=store_id, line_id=line_id, now=timezone.now()))


class LineVoidApi(StaffApi):
    """Takes a line off the order and the bill: the floor before cooking, owner and manager after."""

    roles = FLOOR

    @extend_schema(request=shapes.ReasonInput, responses=shapes.TicketOutput)
    def post(self, request: Request, store_id: UUID, line_id: UUID) -> Response:
        data = _valid(shapes.ReasonInput, request.data)
        order = services.void_line(
            store_id=store_id,
            line_id=line_id,
            reason=data["reason"],
            actor_name=_actor(request),
            may_void=self.decides(request),
            now=timezone.now(),
        )
        return _ticket(order)


class CallAnswerApi(StaffApi):
    @extend_schema(request=None, responses=shapes.StaffCallOutput)
    def post(self, request: Request, store_id: UUID, call_id: UUID) -> Response:
        call = services.answer_call(
            store_id=store_id, call_id=call_id, actor_name=_actor(request), now=timezone.now()
        )
        return Response(selectors.call_for_staff(call))


class TableOpenApi(StaffApi):
    """Seats a party; an open tab of the table is answered with itself."""

    roles = FLOOR

    @extend_schema(request=None, responses=shapes.StaffTabOutput)
    def post(self, request: Request, store_id: UUID, table_id: UUID) -> Response:
        tab = services.open_tab(store_id=store_id, table_id=table_id, now=timezone.now())
        return Response(selectors.tab_for_staff(tab))


class TabCloseApi(StaffApi):
    """Ends a party's account; with something owed only owner and manager may, with a reason."""

    roles = FLOOR

    @extend_schema(request=shapes.ReasonInput, responses=shapes.StaffTabOutput)
    def post(self, request: Request, store_id: UUID, tab_id: UUID) -> Response:
        data = _valid(shapes.ReasonInput, request.data)
        tab = services.close_tab(
            store_id=store_id,
            tab_id=tab_id,
            reason=data["reason"],
            actor_name=_actor(request),
            may_write_off=self.decides(request),
            now=timezone.now(),
        )
        return Response(selectors.tab_for_staff(tab))


class TabMoveApi(StaffApi):
    roles = FLOOR

    @extend_schema(request=shapes.MoveInput, responses=shapes.StaffTabOutput)
    def post(self, request: Request, store_id: UUID, tab_id: UUID) -> Response:
        data = _valid(shapes.MoveInput, request.data)
        tab = services.move_tab(
            store_id=store_id, tab_id=tab_id, table_id=data["table_id"], now=timezone.now()
        )
        return Response(selectors.tab_for_staff(tab))


class TabMergeApi(StaffApi):
    """Joins the party to another one; the answer is the tab that stays."""

    roles = FLOOR

    @extend_schema(request=shapes.MergeInput, responses=shapes.StaffTabOutput)
    def post(self, request: Request, store_id: UUID, tab_id: UUID) -> Response:
        data = _valid(shapes.MergeInput, request.data)
        tab = services.merge_tab(
            store_id=store_id, tab_id=tab_id, into_tab_id=data["into_tab_id"], now=timezone.now()
        )
        return Response(selectors.tab_for_staff(tab))


def _valid(shape: type[Any], data: Any) -> dict[str, Any]:
    serializer = shape(data=data)
    serializer.is_valid(raise_exception=True)
    return serializer.validated_data


def _actor(request: Request) -> str:
    return str(cast(Any, request.user).display_name)


def _ticket(order: Order) -> Response:
    return Response(selectors.ticket_of(order))
