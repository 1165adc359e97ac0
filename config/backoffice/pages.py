"""Pages of the back office that belong to no single model."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_POST, require_safe

from config.backoffice import stories
from config.backoffice.frame import framed
from events.kernel.backoffice import managed_stores
from events.kernel.errors import DomainError
from stores.services import pause_store, resume_store


@require_safe
def story(request: HttpRequest, correlation_id: UUID) -> HttpResponse:
    """GET /admin/story/<uuid>/?order=&payment=&after=: everything that belongs together, in order of time.

    `order` or `payment` leave out what belongs to others of the same tab; `after` is the next page.
    """
    told = stories.of(request, correlation_id)
    if told is None:
        raise Http404
    with timezone.override(told.zone):
        page = framed(request, "backoffice/story.html", gettext("Timeline"), story=told)
        return page.render()  # later it would be in another zone


@require_POST
def taking_orders(request: HttpRequest) -> HttpResponse:
    """POST /admin/taking-orders/ {store, accepting: "1" | "0"}: pauses or opens a store of the caller's."""
    membership = _posted_store(request)
    try:
        if request.POST.get("accepting") == "1":
            resume_store(store_id=membership.store_id)
        else:
            pause_store(store_id=membership.store_id)
    except DomainError as error:
        messages.error(request, str(error.title))
    return redirect("admin:index")


def _posted_store(request: HttpRequest) -> Any:
    for store_id, membership in managed_stores(request).items():
        if str(store_id) == request.POST.get("store"):
            return membership
    raise Http404
