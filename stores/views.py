"""Pages of the staff's door, and the printable cards of the tables."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import LoginView, LogoutView
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from stores import qr
from stores.forms import SignInForm
from stores.models import Store, Table
from stores.selectors import tables_of, valid_tokens

MANAGERS = frozenset({"owner", "manager"})


class SignIn(LoginView):
    """/staff/login/: then on to `next` or the store."""

    form_class = SignInForm
    template_name = "stores/sign_in.html"
    redirect_authenticated_user = True


class SignOut(LogoutView):
    """/staff/logout/ by POST."""

    next_page = "/staff/login/"


@require_safe
@login_required
def choose_store(request: HttpRequest) -> HttpResponse:
    """/staff/: straight to the only store, else a list."""
    rows = list(request.memberships.values())  # type: ignore[attr-defined]
    if len(rows) == 1:
        return redirect(f"/staff/{rows[0].store_slug}/")
    return render(request, "stores/choose_store.html", {"rows": rows})


SheetView = Callable[[HttpRequest, Store], HttpResponse]


def for_managers(view: SheetView) -> Callable[..., HttpResponse]:
    """The slug's store for its owners and managers; unknown to everybody else."""

    @require_safe
    @login_required
    @wraps(view)
    def checked(request: HttpRequest, slug: str) -> HttpResponse:
        rows = request.memberships.values()  # type: ignore[attr-defined]
        row = next((row for row in rows if row.store_slug == slug), None)
        if row is None:
            raise Http404
        if row.role not in MANAGERS:
            raise PermissionDenied
        return view(request, Store.objects.get(pk=row.store_id))

    return checked


@for_managers
def sheet_page(request: HttpRequest, store: Store) -> HttpResponse:
    """/staff/<slug>/tables/sheet/?variant=color|ink&table=<id>…: four cards on an A4 page, to print."""
    return render(request, "stores/sheet.html", _sheet_context(request, store))


@for_managers
def sheet_pdf(request: HttpRequest, store: Store) -> HttpResponse:
    """The same as a file; without the PDF library's system parts a page says what to do."""
    context = _sheet_context(request, store)
    try:
        content = qr.sheet_as_pdf(context)
    except qr.PdfUnavailable:
        page = {"sheet_url": f"{reverse('stores:sheet', args=[store.slug])}?{context['query']}"}
        return render(request, "stores/no_pdf.html", page, status=503)
    response = HttpResponse(content, content_type="application/pdf")
    name = f"{store.slug}-tables-{context['variant']}.pdf"
    response.headers["Content-Disposition"] = f'inline; filename="{name}"'
    return response


def _sheet_context(request: HttpRequest, store: Store) -> dict[str, Any]:
    variant = request.GET.get("variant", "color")
    if variant not in qr.VARIANTS:
        variant = "color"
    tables = list(tables_of(store.pk))
    chosen = _chosen(request, tables)
    query = request.GET.copy()
    query["variant"] = variant
    return {
        "store": store,
        "tables": tables,
        "chosen": {table.pk for table in chosen},
        "pages": qr.pages_of(store, chosen, valid_tokens(chosen)),
        "variant": variant,
        "query": query.urlencode(),
        "brand": store.brand_color.lstrip("#"),
        "title": _("Table cards"),
    }


def _chosen(request: HttpRequest, tables: list[Table]) -> list[Table]:
    """The tables of `?table=`; all of them without it. What is no id of ours is ignored."""
    wanted = set()
    for text in request.GET.getlist("table"):
        try:
            wanted.add(UUID(text))
        except ValueError:
            continue
    return [table for table in tables if table.pk in wanted] if wanted else tables
