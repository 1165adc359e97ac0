"""One story for its page: days, the rows it is about, and links to the rest."""

import json
from collections.abc import Collection
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from events.kernel.backoffice import managed_stores
from events.timeline import PAGE, Moment, Question, links_of, tell
from stores.models import Store

KINDS = {
    "order": _("Order"),
    "tab": _("Tab"),
    "payment": _("Payment"),
    "refund": _("Refund"),
    "bill": _("Bill"),
}
_FILTERS = ("order", "payment")
LIMIT = PAGE + 1


class Line(NamedTuple):
    """A moment with its links and its content as text."""

    moment: Moment
    links: list[tuple[Any, str]]
    content: str


class Story(NamedTuple):
    """What the page shows. `days`: [(date, lines)]; `whole`: the address without a filter, if any."""

    correlation_id: UUID
    zone: str
    days: list[tuple[Any, list[Line]]]
    total: int
    quiet: int
    first: str
    more: str
    whole: str
    about: list[tuple[Any, str]]


def of(request: HttpRequest, correlation_id: UUID) -> Story | None:
    """The asked page of a story of the caller's stores; None when there is nothing for the caller."""
    only = {kind: key for kind in _FILTERS if (key := _uuid(request.GET.get(kind)))}
    since = _since(request)
    question = Question(
        frozenset({correlation_id}), tuple(managed_stores(request)), get_language() or "en", since, LIMIT
    )
    page = tell(question, only)
    if not page.moments and since is None and page.next_after is None:
        return None
    zone = _zone(page.moments)
    here = reverse("admin:story", args=[correlation_id])
    return Story(
        correlation_id,
        zone,
        _days(page.moments, zone, only),
        len(page.moments),
        sum(moment.tone == "quiet" for moment in page.moments),
        f"{here}?{urlencode(only)}" if since else "",
        f"{here}?{urlencode({**only, 'after': page.next_after.isoformat()})}" if page.next_after else "",
        here if only else "",
        _about(page.moments, only),
    )


def _uuid(text: str | None) -> str:
    try:
        return str(UUID(text)) if text else ""
    except ValueError:
        return ""


def _since(request: HttpRequest) -> datetime | None:
    try:
        found = parse_datetime(request.GET.get("after", ""))
    except ValueError:
        return None
    return found if found is not None and timezone.is_aware(found) else None


def _zone(moments: list[Moment]) -> str:
    store_id = next((moment.store_id for moment in moments if moment.store_id), None)
    store = Store.objects.filter(pk=store_id).only("timezone").first() if store_id else None
    return store.timezone if store else "UTC"


def _days(moments: list[Moment], zone: str, only: Collection[str]) -> list[tuple[Any, list[Line]]]:
    place = ZoneInfo(zone)
    days = groupby(moments, key=lambda moment: moment.at.astimezone(place).date())
    return [(day, [_line(moment, only) for moment in rows]) for day, rows in days]


def _line(moment: Moment, only: Collection[str]) -> Line:
    # A step is about the same rows as the fact above it; and nobody needs the way back.
    known = {"tab", "bill", *only} if moment.tone != "quiet" else set(KINDS)
    links = [(KINDS.get(kind, kind), url) for kind, url in links_of(moment) if kind not in known]
    content = "" if moment.payload is None else json.dumps(moment.payload, ensure_ascii=False, indent=1)
    return Line(moment, links, content)


def _about(moments: list[Moment], only: dict[str, str]) -> list[tuple[Any, str]]:
    """The rows that the page is about, for its head: each kind's first one."""
    found: dict[str, tuple[str, str]] = {}
    for moment in moments:
        for kind, url in links_of(moment):
            if kind in ("tab", *only):
                found.setdefault(kind, (kind, url))
    return [(gettext("Open: %s") % KINDS[kind], url) for kind, url in found.values()]
