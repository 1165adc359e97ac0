"""What Django itself refuses: a problem below /api/, a page everywhere else."""

import sys
from http import HTTPStatus

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template import loader
from django.views import defaults

from config.problems import CONTENT_TYPE, title_of

API = "/api/"
# A database that restarts, is full or has too many callers: whoever asks again in a moment may have luck.
PASSING = (OperationalError, InterfaceError)
RETRY_AFTER_SECONDS = 2


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if request.path.startswith(API):
        return problem(HTTPStatus.BAD_REQUEST, "bad-request")
    return defaults.bad_request(request, exception)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    if request.path.startswith(API):
        return problem(HTTPStatus.FORBIDDEN, "permission-denied")
    return defaults.permission_denied(request, exception)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if request.path.startswith(API):
        return problem(HTTPStatus.NOT_FOUND, "not-found")
    return defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """500, or 503 with Retry-After when only the database could not do it: then nothing was done."""
    if isinstance(sys.exc_info()[1], PASSING):
        return unavailable(request)
    if request.path.startswith(API):
        return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "server-error")
    return defaults.server_error(request)


def unavailable(request: HttpRequest) -> HttpResponse:
    if request.path.startswith(API):
        response = problem(HTTPStatus.SERVICE_UNAVAILABLE, "unavailable")
    else:
        # No context processors: they would ask the database again.
        page = loader.get_template("503.html").render()
        response = HttpResponse(page, status=HTTPStatus.SERVICE_UNAVAILABLE)
    response["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    if request.path.startswith(API):
        return problem(HTTPStatus.FORBIDDEN, "permission-denied")
    return render(request, "csrf.html", status=HTTPStatus.FORBIDDEN)


def problem(status: HTTPStatus, code: str) -> HttpResponse:
    """A problem without DRF, for what never reached a view."""
    body = {"type": f"urn:hansang:problem:{code}", "title": title_of(status), "status": int(status)}
    return JsonResponse(body, status=status, content_type=CONTENT_TYPE)
