"""Star CloudPRNT: a printer asks over HTTPS, fetches a picture and says what became of it.

The protocol: POST "is there something?", GET the ticket, DELETE "done" (Star CloudPRNT Protocol Guide 2.4).
The secret part of the address says which printer it is.
"""

import json
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from rest_framework.settings import api_settings

from notifications.printing import asking
from notifications.printing.errors import PrinterUnknown
from notifications.printing.models import Printer
from notifications.printing.troubles import NotPrinted

MEDIA = "image/png"
MAX_BODY = 16 * 1024


@method_decorator([csrf_exempt, never_cache], name="dispatch")
class CloudPrinterView(View):
    """`/print/<token>/`, one address for all three."""

    http_method_names = ["post", "get", "delete"]
    throttle_scope = "unknown_token"  # only guessing is counted: a printer may ask as often as it likes

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        try:
            self.printer: Printer = asking.printer_of(kwargs["token"])
        except PrinterUnknown as error:
            return JsonResponse({"title": str(error)}, status=404 if self._may_guess(request) else 429)
        return super().dispatch(request, *args, **kwargs)

    def _may_guess(self, request: HttpRequest) -> bool:
        """The API's limits, as this is no view of its: false once an address has guessed too often."""
        limits: Any = api_settings.DEFAULT_THROTTLE_CLASSES
        return all(limit().allow_request(request, self) for limit in limits)

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        said = _json(request)
        if said is None:
            return JsonResponse({"title": "A JSON object is expected."}, status=400)
        status = str(said.get("statusCode") or "")
        job = asking.hear(self.printer, status, is_busy=bool(said.get("printingInProgress")))
        if job is None:
            return JsonResponse({"jobReady": False})
        return JsonResponse({"jobReady": True, "mediaTypes": [MEDIA], "jobToken": job.public_id})

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        if request.GET.get("type", MEDIA) != MEDIA:
            return HttpResponse(status=415)
        try:
            picture = asking.fetch(self.printer, request.GET.get("token", ""))
        except NotPrinted:
            return HttpResponse(status=503)
        return HttpResponse(picture, content_type=MEDIA) if picture else HttpResponse(status=404)

    def delete(self, request: HttpRequest, token: str) -> HttpResponse:
        asking.conclude(self.printer, request.GET.get("token", ""), request.GET.get("code", ""))
        return HttpResponse(status=200)


def _json(request: HttpRequest) -> dict[str, Any] | None:
    """None for anything that is no JSON object of a reasonable size."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > MAX_BODY:
        return None
    try:
        said = json.loads(request.body or b"{}")
    except (ValueError, RecursionError):
        return None
    return said if isinstance(said, dict) else None
