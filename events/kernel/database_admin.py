"""Lists and pages of rows that stand in every database: one database at a time, named in the address.

A page that is asked for without a database leads to one that has what was asked for; an act without one is
refused, because the same number may mean another row elsewhere.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import unquote
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.views import ChangeList

from events.kernel.database_choice import (
    DATABASE,
    database_name,
    databases,
    in_database,
    is_home,
    is_split,
    reached,
)

COUNTED = 100


class Choice(NamedTuple):
    """A database in the chooser; `rows` that the list's filters let through, at most COUNTED.

    One that does not answer has no address.
    """

    name: str
    url: str
    rows: int = 0
    is_chosen: bool = False

    @property
    def is_more(self) -> bool:
        return self.rows >= COUNTED


def alias_asked(request: HttpRequest) -> str:
    """The alias that the address names; the first one when it names none, 404 for one that is not there."""
    alias = request.GET.get(DATABASE, "")
    if alias and alias not in databases():
        raise Http404
    return alias or databases()[0]


def _answering(request: HttpRequest) -> list[str]:
    away = reached(request).away
    return [alias for alias in databases() if alias not in away]


class PerDatabaseChangeList(ChangeList):
    """The database is no filter: "clear all filters" keeps it, as paging, search and order do."""

    def get_filters_params(self, params: Any = None) -> dict[str, Any]:
        found: dict[str, Any] = super().get_filters_params(params)
        found.pop(DATABASE, None)
        return found

    def url_for_result(self, result: Any) -> str:
        return in_database(super().url_for_result(result), result._state.db)


class PerDatabaseInline:
    """Mix in first: the rows of the page's own database."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)  # type: ignore[misc]
        return rows.using(alias_asked(request))


class PerDatabaseAdmin:
    """Mix in first, before StoreScopedAdmin. The scope by store holds in each database."""

    list_before_template = "admin/events/databases.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)  # type: ignore[misc]
        return rows.using(alias_asked(request))

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return PerDatabaseChangeList

    def get_preserved_filters(self, request: HttpRequest) -> str:
        """What the way back to the list keeps."""
        kept = super().get_preserved_filters(request)  # type: ignore[misc]
        if not kept and DATABASE in request.GET:
            return urlencode({"_changelist_filters": urlencode({DATABASE: alias_asked(request)})})
        return str(kept)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        fields = list(super().get_fields(request, obj))  # type: ignore[misc]
        return [*fields, "database"] if is_split() else fields

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [*super().get_readonly_fields(request, obj), "database"]  # type: ignore[misc]

    @display(description=_("database"))
    def database(self, row: Any) -> str:
        return database_name(row._state.db)

    def list_url_in(self, request: HttpRequest) -> str:
        """The list of the database that the page is about."""
        return in_database(self.list_url(), alias_asked(request))  # type: ignore[attr-defined]

    # --- Lists -----------------------------------------------------------------------------------

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        if is_split() and not request.GET.get(DATABASE):
            return self._led(request, self._filled(request))
        response: HttpResponse = super().changelist_view(request, extra_context)  # type: ignore[misc]
        shown = getattr(response, "context_data", None)
        if is_split() and shown and "cl" in shown:
            shown["databases"] = list(self._choices(request, shown["cl"]))
            shown["subtitle"] = database_name(alias_asked(request))
        return response

    def _choices(self, request: HttpRequest, shown: ChangeList) -> Iterator[Choice]:
        here, away = alias_asked(request), reached(request).away
        for alias in filter(is_home, away):
            yield Choice(database_name(alias), "")
        for alias in _answering(request):
            rows = shown.queryset.order_by().using(alias)[:COUNTED].count()
            if not (rows or alias == here or is_home(alias)):
                continue
            url = shown.get_query_string({DATABASE: alias})
            yield Choice(database_name(alias), url, rows, alias == here)

    def _filled(self, request: HttpRequest) -> str:
        """The first database where the asked list has a row; else the first."""
        try:
            shown = self.get_changelist_instance(request)  # type: ignore[attr-defined]
        except IncorrectLookupParameters:
            return databases()[0]
        found = (alias for alias in _answering(request) if shown.queryset.order_by().using(alias).exists())
        return next(found, databases()[0])

    def _led(self, request: HttpRequest, alias: str | None) -> HttpResponse:
        """Where the same page of that database is. Nothing that was posted goes along."""
        if alias is None or request.method not in ("GET", "HEAD"):
            raise Http404
        return HttpResponseRedirect(in_database(request.get_full_path(), alias))

    # --- Pages of one row ------------------------------------------------------------------------

    def changeform_view(
        self, request: HttpRequest, object_id: Any = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if is_split() and not request.GET.get(DATABASE) and (home := self._home(request, object_id)):
            return self._led(request, home)
        response: HttpResponse = super().changeform_view(  # type: ignore[misc]
            request, object_id, form_url, extra_context
        )
        if isinstance(response, TemplateResponse) and response.context_data:
            for action in response.context_data.get("actions_detail") or ():
                action["path"] = in_database(action["path"], alias_asked(request))
        return response

    def _home(self, request: HttpRequest, object_id: Any) -> str | None:
        """The first database that has a row of this key for the caller."""
        rows = self.get_queryset(request)
        for alias in _answering(request):
            try:
                if rows.using(alias).filter(pk=unquote(str(object_id))).exists():
                    return alias
            except (ValueError, ValidationError):
                return None
        return None

    def named_or_404(self, request: HttpRequest, object_id: Any) -> Any:
        """The row that an act is about; in a split system its database must be named."""
        if is_split() and not request.GET.get(DATABASE):
            raise Http404
        return self.object_or_404(request, object_id)  # type: ignore[attr-defined]
