"""What the lists of the queue have in common: bounded counting, filters from the code, links in words."""

from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime

from events.kernel.database_choice import in_database
from events.meanings import meaning_of

COUNTED = 10_000


class BoundedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts no further than a person turns pages: a million rows take longer to count than to show."""

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return int(rows.order_by()[:COUNTED].count())


class KnownFilter(admin.SimpleListFilter):
    """Offers what the code knows instead of asking the table for every distinct value."""

    def queryset(self, request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        asked = self.value() or ""
        if "\x00" in asked:  # PostgreSQL knows no such text
            return rows.none()
        return rows.filter(**{str(self.parameter_name): asked}) if asked else rows


def local_time(moment: datetime) -> str:
    """As lists show it; a page of one row would show a bare UTC value."""
    return date_format(localtime(moment), "DATETIME_FORMAT")


def story_link(correlation_id: UUID) -> str:
    """The page that tells everything of one story in the order of time."""
    return reverse("admin:story", args=[correlation_id])


def step_link(handler: str, pk: Any, alias: str | None) -> SafeString:
    """The page of a delivery, by the words for what it does."""
    url = in_database(reverse("admin:events_delivery_change", args=[pk]), alias)
    return format_html('<a class="hs-link" href="{}">{}</a>', url, meaning_of(handler).what)
