"""What staff may do with their store's orders, calls and tabs."""

from collections.abc import Callable
from typing import Any, cast
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from orders import serializers as shapes
from orders import services
from orders.models import Order, Tab
from orders.selectors import board as selectors

FLOOR = frozenset({"owner", "manager", "floor"})
DECIDERS = frozenset({"owner", "manager"})


class StaffApi(APIView):
    """Base: members of the store only. `ids` are those of the address, named as the use case names them."""

    access = "staff"
    throttle_scope = "staff"

    @property
    def actor(self) -> str:
        """The person's name, as guests and the log read it."""
        return str(cast(Any, self.request.user).display_name)

    @property
    def decides(self) -> bool:
        """Whether the person may throw food or money away."""
        return cast(Any, self.request).membership.role in DECIDERS

    def run(self, use_case: Callable[..., Any], shape: type[Any] | None = None, /, **names: Any) -> Any:
        """Calls the use case with these names, what was sent (checked by `shape`) and the time."""
        sent = _valid(shape, self.request.data) if shape else {}
        return use_case(**names, **sent, now=timezone.now())


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
    """Takes an order and promises when it is ready."""

    @extend_schema(request=shapes.AcceptInput, responses=shapes.TicketOutput)
    def post(self, request: Request, **ids: UUID) -> Response:
        return _ticket(self.run(services.accept_order, shapes.AcceptInput, actor_name=self.actor, **ids))


class OrdersAcceptApi(StaffApi):
    """Accepts several orders; those answered meanwhile are left out of the answer."""

    @extend_schema(
        operation_id="stores_orders_accept_many",
        request=shapes.AcceptManyInput,
        responses=shapes.TicketsOutput,
    )
    def post(self, request: Request, **ids: UUID) -> Response:
        orders = self.run(services.accept_orders, shapes.AcceptManyInput, actor_name=self.actor, **ids)
        return Response({"tickets": [selectors.ticket_of(order) for order in orders]})


class OrderRejectApi(StaffApi):
    """The kitchen cannot do it; what was paid goes back."""

    @extend_schema(request=shapes.RejectInput, responses=shapes.TicketOutput)
    def post(self, request: Request, **ids: UUID) -> Response:
        return _ticket(self.run(services.reject_order, shapes.RejectInput, actor_name=self.actor, **ids))


class KitchenStepApi(StaffApi):
    """Base: a step of an order or a line that needs no more words than its address."""

    step: Callable[..., Order]

    @extend_schema(request=None, responses=shapes.TicketOutput)
    def post(self, request: Request, **ids: UUID) -> Response:
        return _ticket(self.run(self.step, **ids))


class OrderReadyApi(KitchenStepApi):
    """Every line is done."""

    step = staticmethod(services.mark_ready)


class OrderServedApi(KitchenStepApi):
    """Everything is on the table."""

    step = staticmethod(services.mark_served)


class OrderRecallApi(KitchenStepApi):
    """Takes the last ready or served back, within a minute."""

    step = staticmethod(services.recall_order)


class LineReadyApi(KitchenStepApi):
    """One line is done."""

    step = staticmethod(services.mark_line_ready)


class LineUndoApi(KitchenStepApi):
    """Takes the line's last step back, within a minute."""

    step = staticmethod(services.undo_line)


class StaffOrderCancelApi(StaffApi):
    """Takes an order back: anybody on the floor before cooking, owner and manager after."""

    roles = FLOOR

    @extend_schema(request=shapes.ReasonInput, responses=shapes.TicketOutput)
    def post(self, request: Request, **ids: UUID) -> Response:
        who = {"actor_kind": "staff", "actor_name": self.actor, "may_void": self.decides}
        return _ticket(self.run(services.cancel_order, shapes.ReasonInput, **who, **ids))


class LineVoidApi(StaffApi):
    """Takes a line off the order and the bill: the floor before cooking, owner and manager after."""

    roles = FLOOR

    @extend_schema(request=shapes.ReasonInput, responses=shapes.TicketOutput)
    def post(self, request: Request, **ids: UUID) -> Response:
        who = {"actor_name": self.actor, "may_void": self.decides}
        return _ticket(self.run(services.void_line, shapes.ReasonInput, **who, **ids))


class CallAnswerApi(StaffApi):
    """Somebody goes to the table."""

    @extend_schema(request=None, responses=shapes.StaffCallOutput)
    def post(self, request: Request, **ids: UUID) -> Response:
        call = self.run(services.answer_call, actor_name=self.actor, **ids)
        return Response(selectors.call_for_staff(call))


class TableOpenApi(StaffApi):
    """Seats a party; an open tab of the table is answered with itself."""

    roles = FLOOR

    @extend_schema(request=None, responses=shapes.StaffTabOutput)
    def post(self, request: Request, **ids: UUID) -> Response:
        return _tab(self.run(services.open_tab, **ids))


class TabCloseApi(StaffApi):
    """Ends a party's account; with something owed only owner and manager may, with a reason."""

    roles = FLOOR

    @extend_schema(request=shapes.ReasonInput, responses=shapes.StaffTabOutput)
    def post(self, request: Request, **ids: UUID) -> Response:
        who = {"actor_name": self.actor, "may_write_off": self.decides}
        return _tab(self.run(services.close_tab, shapes.ReasonInput, **who, **ids))


class TabMoveApi(StaffApi):
    """The party sits at another table now."""

    roles = FLOOR

    @extend_schema(request=shapes.MoveInput, responses=shapes.StaffTabOutput)
    def post(self, request: Request, **ids: UUID) -> Response:
        return _tab(self.run(services.move_tab, shapes.MoveInput, **ids))


class TabMergeApi(StaffApi):
    """Joins the party to another one; the answer is the tab that stays."""

    roles = FLOOR

    @extend_schema(request=shapes.MergeInput, responses=shapes.StaffTabOutput)
    def post(self, request: Request, **ids: UUID) -> Response:
        return _tab(self.run(services.merge_tab, shapes.MergeInput, **ids))


def _valid(shape: type[Any], data: Any) -> dict[str, Any]:
    serializer = shape(data=data)
    serializer.is_valid(raise_exception=True)
    return serializer.validated_data


def _ticket(order: Order) -> Response:
    return Response(selectors.ticket_of(order))


def _tab(tab: Tab) -> Response:
    return Response(selectors.tab_for_staff(tab))
