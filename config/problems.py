"""Every refusal as an RFC 9457 problem, in the reader's language."""

from http import HTTPStatus
from typing import Any

from django.core.exceptions import BadRequest, RequestDataTooBig, SuspiciousOperation
from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.http import Http404, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import exceptions
from rest_framework.response import Response

from events.kernel.errors import DomainError

CONTENT_TYPE = "application/problem+json"
TITLES = {
    400: gettext_lazy("This request cannot be understood"),
    401: gettext_lazy("Please sign in first"),
    403: gettext_lazy("This is not allowed"),
    404: gettext_lazy("This is not here"),
    405: gettext_lazy("This cannot be done here"),
    406: gettext_lazy("This is not available in that format"),
    413: gettext_lazy("This is too much at once"),
    415: gettext_lazy("This format is not understood"),
    429: gettext_lazy("Too many requests: please wait a moment"),
    500: gettext_lazy("Something went wrong on our side"),
    503: gettext_lazy("We are out of breath: please try again in a moment"),
}
UNREADABLE = (BadRequest, SuspiciousOperation, MultiPartParserError, UnreadablePostError)


class BodyTooLarge(exceptions.APIException):
    status_code = 413
    default_code = "body-too-large"
    default_detail = gettext_lazy("The body of this request is too large")


def title_of(status: int) -> str:
    """What a status means to a person."""
    return str(TITLES[status]) if status in TITLES else HTTPStatus(status).phrase


def problem_response(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler: a problem for what we refuse, None (a 500) for what we did not foresee."""
    if isinstance(error, DomainError):
        response = _problem(error.status, error.code, str(error.title), str(error.detail), error.extra)
        if seconds := getattr(error, "retry_after", None):
            response["Retry-After"] = str(seconds)
        return response
    known = _as_api_exception(error)
    return None if known is None else _from_api_exception(known)


def _as_api_exception(error: Exception) -> exceptions.APIException | None:
    """Django's refusals in DRF's words."""
    if isinstance(error, exceptions.APIException):
        return error
    if isinstance(error, Http404):
        return exceptions.NotFound()
    if isinstance(error, DjangoPermissionDenied):
        return exceptions.PermissionDenied()
    if isinstance(error, RequestDataTooBig):
        return BodyTooLarge()
    return exceptions.ParseError() if isinstance(error, UNREADABLE) else None


def _from_api_exception(error: exceptions.APIException) -> Response:
    extra: dict[str, Any] = {}
    detail = ""
    if isinstance(error, exceptions.ValidationError):
        code, title = "invalid", _("Some values are not valid")
        extra["errors"] = error.get_full_details()
    else:
        code = str(error.default_code).replace("_", "-")
        title = title_of(error.status_code)
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
