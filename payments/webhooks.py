"""The door for gateways: the raw call is checked and stored, the work is done later."""

import logging

from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from payments.errors import PaymentUnknown
from payments.gateways.base import BadSignature, Malformed, Stale
from payments.services.webhooks import receive_webhook

logger = logging.getLogger(__name__)

MAX_BODY = 256 * 1024


@method_decorator(csrf_exempt, name="dispatch")
class WebhookView(View):
    """POST /hooks/<gateway>/<slug>/: no session, no cookies, no parser; a failure to store is a 5xx."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, gateway: str, slug: str) -> HttpResponse:
        body = self._body(request)
        if body is None:
            return HttpResponse(status=413)
        headers = {name.lower(): value for name, value in request.headers.items()}
        try:
            ack = receive_webhook(gateway=gateway, slug=slug, headers=headers, body=body)
        except PaymentUnknown:
            return HttpResponse(status=404)
        except (BadSignature, Stale) as error:
            logger.warning("webhook for %s refused: %s", gateway, type(error).__name__)
            return HttpResponse(status=401)
        except Malformed:
            return HttpResponse(status=400)
        return HttpResponse(ack.body, status=ack.status, content_type="text/plain")

    @staticmethod
    def _body(request: HttpRequest) -> bytes | None:
        length = request.META.get("CONTENT_LENGTH") or "0"
        if not length.isdigit() or int(length) > MAX_BODY:
            return None
        body = request.body
        return body if len(body) <= MAX_BODY else None
