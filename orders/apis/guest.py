"""What phones may ask: the menu, a seat, the shared cart, orders, help."""

from typing import Any, cast
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
from django.conf import settings
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.csrf import get_token
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from events.kernel.idempotency import KEY_HEADER, idempotency_key
from orders import serializers as shapes
from orders import services
from orders.cookies import set_guest_cookie
from orders.errors import TabClosed, UnknownTable
from orders.inputs import CART, ORDER, decode
from orders.models import Guest
from orders.selectors import guests as selectors
from orders.selectors.guests import Reader
from orders.selectors.menus import PublicPage, public_page
from orders.services.placing import Placed
from orders.storefront import TableCode, table_code


class PageApi(APIView):
    """The table's page as data: store, table, menu, and for a seated phone its tab."""

    access = "public"
    authentication_classes = ()  # the middleware has read the guest's cookie

    def get_throttles(self) -> list[Any]:
        # The answer is kept bytes; only guessing codes is worth counting.
        return super().get_throttles() if getattr(self, "throttle_scope", None) else []

    @extend_schema(responses=shapes.PageOutput)
    def get(self, request: Request, token: str) -> HttpResponseBase:
        code = self._code(request, token)
        guest = _seated(request, code)
        if guest is None:
            code.require_valid()
        page = public_page(code, _language(), timezone.now())
        return _anonymous(request, page) if guest is None else _personal(page, code, guest)

    def _code(self, request: Request, token: str) -> TableCode:
        try:
            return table_code(token)
        except UnknownTable:
            self.throttle_scope = "unknown_token"
            self.check_throttles(request)
            raise


class JoinApi(APIView):
    """Takes a seat: opens the table's tab or joins it, and sets the phone's cookies."""

    access = "public"
    throttle_scope = "join"

    @extend_schema(request=shapes.JoinInput, responses=shapes.JoinOutput)
    def post(self, request: Request, token: str) -> Response:
        require_same_origin(request)
        data = _valid(shapes.JoinInput, request.data)
        identity = request._request.guest  # type: ignore[attr-defined]
        joined = services.join_tab(
            code=table_code(token),
            guest_id=identity.guest_id if identity else None,
            nickname=data["nickname"],
            language=_language(),
            now=timezone.now(),
        )
        reader = Reader(_language(), joined.guest.pk)
        response = Response(
            {
                "guest": selectors.guest_document(joined.guest, reader.language),
                "tab": selectors.tab_document(joined.tab, reader),
                "cart": selectors.cart_document(joined.tab, reader),
            }
        )
        set_guest_cookie(response, joined.guest, token)
        get_token(request._request)
        return response


class CartApi(APIView):
    """The table's shared cart; PUT replaces the caller's own lines."""

    access = "guest"

    @extend_schema(responses=shapes.CartOutput)
    def get(self, request: Request, token: str) -> Response:
        guest = _guest(request)
        return Response(selectors.cart_document(guest.tab, Reader(_language(), guest.pk)))

    @extend_schema(request=shapes.CartInput, responses=shapes.CartOutput)
    def put(self, request: Request, token: str) -> Response:
        entries = decode(request, CART).entries()
        guest_id = _guest_id(request)
        tab = services.replace_cart(guest_id=guest_id, entries=entries, now=timezone.now())
        return Response(selectors.cart_document(tab, Reader(_language(), guest_id)))


class OrdersApi(APIView):
    """The table's orders; POST sends a round."""

    access = "guest"
    throttle_scope = "order"

    @extend_schema(responses=shapes.OrdersOutput)
    def get(self, request: Request, token: str) -> Response:
        guest = _guest(request)
        orders = selectors.orders_of_tab(guest.tab_id, Reader(_language(), guest.pk))
        return Response({"orders": orders, "tab": {"status": guest.tab.status}})

    @extend_schema(
        request=shapes.OrderInput,
        responses={201: shapes.OrderOutput, 200: shapes.OrderOutput},
        parameters=[KEY_HEADER],
    )
    def post(self, request: Request, token: str) -> Response:
        placement = decode(request, ORDER).placement()
        placed = services.place_order(
            guest_id=_guest_id(request),
            placement=placement,
            idempotency_key=idempotency_key(request),
            now=timezone.now(),
        )
        return Response(_placed(placed, _guest_id(request)), status=201 if placed.is_new else 200)


class OrderApi(APIView):
    """One order of the caller's table."""

    access = "guest"

    @extend_schema(responses=shapes.OrderOutput)
    def get(self, request: Request, order_id: UUID) -> Response:
        return Response(_order(order_id, _guest_id(request)))


class OrderCancelApi(APIView):
    """Takes an order back before the kitchen has accepted it; only the phone that sent it may."""

    access = "guest"

    @extend_schema(request=None, responses=shapes.OrderOutput)
    def post(self, request: Request, order_id: UUID) -> Response:
        guest = _guest(request)
        guest.tab.require_open()
        services.cancel_order(
            order_id=order_id,
            tab_id=guest.tab_id,
            guest_id=guest.pk,
            reason="",
            actor_kind="guest",
            actor_name=str(guest.nickname),
            may_void=False,
            now=timezone.now(),
        )
        return Response(_order(order_id, guest.pk))


class CallsApi(APIView):
    """Calls for staff; an open call of the same kind is answered with itself."""

    access = "guest"
    throttle_scope = "call"

    @extend_schema(request=shapes.CallInput, responses={201: shapes.CallOutput, 200: shapes.CallOutput})
    def post(self, request: Request, token: str) -> Response:
        data = _valid(shapes.CallInput, request.data)
        call, is_new = services.raise_call(
            guest_id=_guest_id(request), kind=data["kind"], note=data["note"], now=timezone.now()
        )
        return Response(selectors.call_document(call), status=201 if is_new else 200)


def require_same_origin(request: Request) -> None:
    """Refuses a seat taken from a foreign page: the phone has no token yet that could prove it."""
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    origin = request.headers.get("Origin")
    known = {urlsplit(address).netloc for address in settings.CSRF_TRUSTED_ORIGINS}
    known.add(request._request.get_host())
    if site not in ("same-origin", "none") or (origin and urlsplit(origin).netloc not in known):
        raise PermissionDenied(_("This page is not ours"))


def _language() -> str:
    return get_language() or "en"


def _valid(shape: type[Any], data: Any) -> dict[str, Any]:
    serializer = shape(data=data)
    serializer.is_valid(raise_exception=True)
    return serializer.validated_data


def _guest_id(request: Request) -> UUID:
    """The phone behind the cookie: `access = "guest"` has checked it."""
    return cast(Any, request.user).guest_id


def _guest(request: Request) -> Guest:
    guest = Guest.objects.select_related("tab").filter(pk=_guest_id(request)).first()
    if guest is None:
        raise TabClosed()
    return guest


def _seated(request: Request, code: TableCode) -> Guest | None:
    identity = request._request.guest  # type: ignore[attr-defined]
    return selectors.seated_guest(identity.guest_id, code) if identity else None


def _anonymous(request: Request, page: PublicPage) -> HttpResponse:
    zipped = "gzip" in request.META.get("HTTP_ACCEPT_ENCODING", "")
    body = page.compressed("json", page.anonymous) if zipped else page.anonymous
    response = HttpResponse(body, content_type="application/json")
    if zipped:
        response["Content-Encoding"] = "gzip"
    response["Cache-Control"] = "private, no-cache"
    response["Vary"] = "Accept-Encoding, Cookie"
    return response


def _personal(page: PublicPage, code: TableCode, guest: Guest) -> HttpResponse:
    """The kept bytes, then this phone's part; a cookie that a move or merge made stale is renewed."""
    reader = Reader(_language(), guest.pk)
    tab = msgspec.json.encode(selectors.tab_document(guest.tab, reader))
    person = msgspec.json.encode(selectors.guest_document(guest, reader.language))
    body = b'%b,"tab":%b,"guest":%b}' % (page.body, tab, person)
    response = HttpResponse(body, content_type="application/json")
    response["Cache-Control"] = "private, no-store"
    set_guest_cookie(response, guest, code.token)
    return response


def _order(order_id: UUID, guest_id: UUID) -> dict[str, Any]:
    order = selectors.order_of_guest(order_id, guest_id)
    lines = selectors.lines_by_order([order.pk]).get(order.pk, [])
    return selectors.order_document(order, lines, Reader(_language(), guest_id))


def _placed(placed: Placed, guest_id: UUID) -> dict[str, Any]:
    return selectors.order_document(placed.order, placed.lines, Reader(_language(), guest_id))
