"""Pages: the guest's, behind a table's code, and the staff's board."""

import json
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.serializers.json import DjangoJSONEncoder
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers
from django.views.decorators.csrf import ensure_csrf_cookie
from rest_framework.exceptions import NotAcceptable
from rest_framework.renderers import TemplateHTMLRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from events.kernel.errors import NotFound
from orders.errors import OldCode, OrdersError, UnknownTable
from orders.selectors.board import store_by_slug, store_document
from orders.selectors.guests import seated_guest
from orders.selectors.menus import PublicPage, offered_languages, public_page
from orders.storefront import TableCode, table_code

LANGUAGE_COOKIE_AGE = 365 * 24 * 3600


def live_settings() -> dict[str, Any]:
    """Where the page finds its socket: an address, or a port of its own host."""
    return {"live": settings.LIVE_URL, "live_port": None if settings.LIVE_URL else settings.PORT + 1}


class GuestPage(APIView):
    """`/t/<token>/`: the menu of the table's store, readable without JavaScript.

    The same for everybody who reads one language, so it is rendered once and kept; what belongs to one phone
    is fetched by the page. `?lang=ja` changes the language and remembers it.
    """

    access = "public"
    schema = None
    throttle_classes: list[Any] = []
    renderer_classes = [TemplateHTMLRenderer]
    template_name = "orders/guest.html"

    def get(self, request: Request, token: str) -> HttpResponseBase:
        chosen = _choose_language(request)
        try:
            code = table_code(token)
            _require_readable(code, request._request)
            page = public_page(code, translation.get_language() or "en", timezone.now())
        except UnknownTable:
            return self._unavailable("unknown", 404)
        except OldCode:
            return self._unavailable("old_code", 410)
        translation.activate(page.language)
        response = self._page(request._request, code, page)
        return _remember_language(response, chosen)

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, NotAcceptable):
            return Response(status=406, data={}, template_name="orders/guest_unavailable.html")
        return super().handle_exception(exc)

    def _page(self, request: HttpRequest, code: TableCode, page: PublicPage) -> HttpResponseBase:
        if page.document["menu"] is None:
            return self._unavailable("no_menu", 200, page)
        if "html" not in page.made or settings.DEBUG:
            context = {
                "document": page.document,
                "document_json": json.dumps(page.document, cls=DjangoJSONEncoder, ensure_ascii=False),
                "token": code.token,
                **_language_context(page),
                **live_settings(),
            }
            page.made["html"] = render_to_string("orders/guest.html", context, request).encode()
            page.made.pop("html.gz", None)
        return _compressed(request, page)

    def _unavailable(self, reason: str, status: int, page: PublicPage | None = None) -> Response:
        data = {
            "reason": reason,
            "language": translation.get_language(),
            "document": page.document if page else None,
        }
        return Response(data, status=status, template_name="orders/guest_unavailable.html")


@ensure_csrf_cookie
@login_required
def board_page(request: HttpRequest, slug: str) -> HttpResponse:
    """The staff's board: kitchen, floor and log on one page, for members of the store."""
    try:
        store = store_by_slug(slug)
    except NotFound:
        raise Http404 from None
    membership = request.memberships.get(store.store_id)  # type: ignore[attr-defined]
    if membership is None:
        raise PermissionDenied
    context = {
        "store": {**store.data, **store_document(store.store_id, store.data)},
        "membership": membership,
        **live_settings(),
    }
    return render(request, "orders/board.html", context)


def _choose_language(request: Request) -> str | None:
    chosen = request.query_params.get("lang", "").lower()
    if chosen not in dict(settings.LANGUAGES):
        return None
    translation.activate(chosen)
    return chosen


def _remember_language(response: HttpResponseBase, language: str | None) -> HttpResponseBase:
    if language is not None:
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME, language, max_age=LANGUAGE_COOKIE_AGE, samesite="Lax"
        )
    return response


def _require_readable(code: TableCode, request: HttpRequest) -> None:
    """A revoked code still serves the party that sat down with it."""
    try:
        code.require_valid()
    except OrdersError:
        guest = request.guest  # type: ignore[attr-defined]
        if guest is None or seated_guest(guest.guest_id, code) is None:
            raise


def _language_context(page: PublicPage) -> dict[str, Any]:
    offered = offered_languages(page.document["store"])
    return {
        "language": page.language,
        "languages": [{"code": code, "name": _language_name(code)} for code in offered],
    }


def _language_name(code: str) -> str:
    """What its readers call the language."""
    try:
        return str(translation.get_language_info(code)["name_local"])
    except KeyError:  # a language of the store that Django does not know
        return code


def _compressed(request: HttpRequest, page: PublicPage) -> HttpResponse:
    html = page.made["html"]
    zipped = "gzip" in request.headers.get("Accept-Encoding", "")
    response = HttpResponse(page.compressed("html", html) if zipped else html)
    if zipped:
        response["Content-Encoding"] = "gzip"
    response["Cache-Control"] = "private, no-cache"
    patch_vary_headers(response, ["Accept-Encoding"])
    return response
