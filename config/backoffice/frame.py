"""The back office around a page that belongs to no model."""

from typing import Any

from django.contrib.admin import site
from django.http import HttpRequest
from django.template.response import TemplateResponse


def framed(request: HttpRequest, template: str, title: str, **values: Any) -> TemplateResponse:
    """The template with the title, the navigation and who is signed in."""
    return TemplateResponse(request, template, {**site.each_context(request), "title": title, **values})
