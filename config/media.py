"""Uploaded pictures, served by the web process; a proxy may take this over."""

from django.conf import settings
from django.core.exceptions import SuspiciousFileOperation
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.views.static import serve


def media(request: HttpRequest, path: str) -> HttpResponseBase:
    """A file below MEDIA_ROOT. An address that leads out of it is not there, and no error to wake anybody."""
    try:
        return serve(request, path, document_root=str(settings.MEDIA_ROOT))
    except (SuspiciousFileOperation, ValueError) as error:
        raise Http404 from error
