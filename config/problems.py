"""Every refusal as an RFC 9457 problem, in the reader's language."""

from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.response import Response

from events.kernel.errors import DomainError

CONTENT_TYPE = "application/problem+json"


def problem_response(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler: a problem for what we refuse, None (a 500) for what we did not foresee."""
    if isinstance(error, DomainError):
        response = _problem(error.status, error.code, str(error.title), str(error.detail), error.extra)
        if seconds := getattr(error, "retry_after", None):
            response["Retry-After"] = str(seconds)
        return response
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    if isinstance(error, DjangoPermissionDenied):
        error = exceptions.PermissionDenied()
    if not isinstance(error, exceptions.APIException):
        return None
    return _from_api_exception(error)


def _from_api_exception(error: exceptions.APIException) -> Response:
    extra: dict[str, Any] = {}
    detail = ""
    if isinstance(error, exceptions.ValidationError):
        code, title = "invalid", _("Some values are not valid")
        extra["errors"] = error.get_full_details()
    else:
        code = str(error.default_code).replace("_", "-")
        title = HTTPStatus(error.status_code).phrase
        detail = str(error.detail)
    response = _problem(error.status_code, code, title, detail, extra)
    if wait := getattr(error, "wait", None):
        response["Retry-After"] = str(int(wait) + 1)
    if header := getattr(error, "auth_header", None):
        response["WWW-Authenticate"] = header
    return response


def _problem(status: int, code: str, title: str, detail: str, extra: dict[str, Any]) -> Response:
    body = {"type": f"urn:hansang:problem:{code}", "title": title, "status": status}
    if detail:
        body["detail"] = detail
    return Response({**body, **extra}, status=status, content_type=CONTENT_TYPE)
