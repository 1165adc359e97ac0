"""What Django itself refuses: a problem below /api/, a page everywhere else."""

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views import defaults

from config.problems import CONTENT_TYPE, title_of

API = "/api/"


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
    if request.path.startswith(API):
        return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "server-error")
    return defaults.server_error(request)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    if request.path.startswith(API):
        return problem(HTTPStatus.FORBIDDEN, "permission-denied")
    return render(request, "csrf.html", status=HTTPStatus.FORBIDDEN)


def problem(status: HTTPStatus, code: str) -> HttpResponse:
    """A problem without DRF, for what never reached a view."""
    body = {"type": f"urn:hansang:problem:{code}", "title": title_of(status), "status": int(status)}
    return JsonResponse(body, status=status, content_type=CONTENT_TYPE)
