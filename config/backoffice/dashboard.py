"""The first page of the back office: the reports, put into words and bars."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_skeleton, get_day_names, get_month_names
from babel.numbers import format_percent
from django.http import HttpRequest
from django.templatetags.static import static
from django.utils import timezone
from django.utils.translation import gettext, ngettext

from config.backoffice import reports
from config.backoffice.navigation import chosen_store
from config.backoffice.reports import Cell, Span, Spread
from config.backoffice.todo import todo
from config.backoffice.wording import compact, item_name, locale, money
from events.kernel.backoffice import managed_stores
from events.kernel.database_choice import can_read, reached
from events.kernel.money import to_decimal
from stores.models import Store

RANGES = (1, 7, 30)
_DEFAULT_HOURS = range(11, 22)
_COUNTED = ("orders", "payments", "notifications")  # whose databases the figures are read from


@dataclass(frozen=True)
class Bar:
    """One column: `share` and `usual` of the chart's height (0-1)."""

    label: str
    text: str
    share: float
    usual: float
    is_now: bool
    title: str


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """DASHBOARD_CALLBACK of the theme. Without a store there is nothing to show.

    While a database that the figures need is away, the page says so and leads on.
    """
    store = chosen_store(request)
    if store is None:
        return context
    if not can_read(request, *_COUNTED):
        return {**context, "store": store, "is_blind": True}
    return {**context, **_figures(request, store)}


def _figures(request: HttpRequest, store: Store) -> dict[str, Any]:
    days = _chosen_days(request)
    span = reports.span_of(store, days)
    cells = reports.sales(span)
    inside = [cell for cell in cells if span.first <= cell.day <= span.last]
    items = reports.menu_items(store)
    return {
        "store": store,
        "stores": sorted(managed_stores(request).values(), key=lambda row: row.store_name),
        "heading": heading(span),
        "ranges": [(days_, range_name(days_), days_ == days) for days_ in RANGES],
        "days": days,
        "tiles": tiles(span, inside),
        "bars": hour_bars(span, cells) if days == 1 else day_bars(span, cells),
        "bars_title": gettext("Sales by hour") if days == 1 else gettext("Sales by day"),
        "heat": heat_map(span, cells),
        "todo": todo(store, items, reached(request).there),
        "sellers": sellers(span, items),
    }


def _chosen_days(request: HttpRequest) -> int:
    text = request.GET.get("days", "")
    return int(text) if text in {str(days) for days in RANGES} else 1


def range_name(days: int) -> str:
    return gettext("Today") if days == 1 else ngettext("%(n)s day", "%(n)s days", days) % {"n": days}


def heading(span: Span) -> str:
    if span.days == 1:
        return str(format_skeleton("MMMMEEEEd", span.last, locale=locale()))
    first, last = (format_skeleton("MMMd", day, locale=locale()) for day in (span.first, span.last))
    return f"{first} – {last}"


# --- Tiles ---------------------------------------------------------


def tiles(span: Span, inside: list[Cell]) -> list[dict[str, Any]]:
    """Five figures with one sentence each."""
    amount, orders = sum(c.amount for c in inside), sum(c.orders for c in inside)
    average = round(amount / orders) if orders else 0
    return [
        {"name": gettext("Sales"), "figure": money(span.store, amount), **_change(span, amount)},
        {
            "name": gettext("Orders"),
            "figure": f"{orders:,}",
            "note": gettext("%(money)s each") % {"money": money(span.store, average)} if orders else "",
        },
        _time_tile(gettext("Cooking time"), reports.cooking_time(span)),
        _time_tile(gettext("Answering an order"), reports.answer_time(span)),
        _refund_tile(span),
    ]


def _change(span: Span, amount: int) -> dict[str, Any]:
    before = reports.sold_before(span)
    if not before:
        return {"note": gettext("nothing to compare with yet")}
    share = round((amount - before) / before * 100)
    weekday = get_day_names("wide", locale=locale())[span.last.weekday()]
    than = (
        gettext("than last %(weekday)s by this time") % {"weekday": weekday}
        if span.days == 1
        else gettext("than the %(n)s days before") % {"n": span.days}
    )
    return {"trend": share, "trend_text": f"{abs(share)}%", "note": than}


def duration(seconds: float) -> str:
    """11 s, 8 min."""
    if seconds < 100:
        return gettext("%(n)s s") % {"n": round(seconds)}
    return gettext("%(n)s min") % {"n": round(seconds / 60)}


def _time_tile(name: str, spread: Spread) -> dict[str, Any]:
    if spread.half is None or spread.most is None:
        return {"name": name, "figure": "–", "note": gettext("nothing measured yet")}
    note = gettext("nine of ten within %(time)s") % {"time": duration(spread.most)}
    return {"name": name, "figure": duration(spread.half), "note": note}


def _refund_tile(span: Span) -> dict[str, Any]:
    found = reports.refunds(span)
    return {
        "name": gettext("Given back"),
        "figure": str(format_percent(found.rate, format="#,##0.0%", locale=locale())),
        "note": money(span.store, found.amount),
        "alert": ngettext("%(n)s open", "%(n)s open", found.open) % {"n": found.open} if found.open else "",
    }


# --- Bars and heat ---------------------------------------------------------


def _hours(span: Span, cells: list[Cell]) -> list[int]:
    """The hours worth showing, in the order of the business day."""
    cutoff = span.store.day_cutoff_hour
    seen = {(cell.hour - cutoff) % 24 for cell in cells}
    if not seen:
        return list(_DEFAULT_HOURS)
    return [(hour + cutoff) % 24 for hour in range(min(seen), max(seen) + 1)]


def _now_hour(span: Span) -> int:
    return timezone.now().astimezone(ZoneInfo(span.store.timezone)).hour


def hour_bars(span: Span, cells: list[Cell]) -> list[Bar]:
    """Today by the hour, with what the same weekday brought on average in four weeks."""
    today: dict[int, int] = defaultdict(int)
    usual: dict[int, float] = defaultdict(float)
    for cell in cells:
        if cell.day == span.last:
            today[cell.hour] += cell.amount
        elif cell.day.weekday() == span.last.weekday():
            usual[cell.hour] += cell.amount / _known_weeks(cells, span.last)
    hours = _hours(span, [cell for cell in cells if cell.day.weekday() == span.last.weekday()])
    now = _now_hour(span)
    rows = [(hour_name(hour), today[hour], usual[hour], hour == now) for hour in hours]
    return _bars(span.store, rows)


def day_bars(span: Span, cells: list[Cell]) -> list[Bar]:
    """The span by the day, with what that weekday brought on average in the four weeks before it."""
    amounts: dict[date, int] = defaultdict(int)
    for cell in cells:
        amounts[cell.day] += cell.amount
    rows = []
    for offset in range(span.days):
        day = span.first + timedelta(days=offset)
        usual = sum(amounts[day - timedelta(weeks=week + 1)] for week in range(reports.WEEKS))
        rows.append((_day_name(span, day), amounts[day], usual / _known_weeks(cells, day), day == span.last))
    return _bars(span.store, rows)


def _known_weeks(cells: list[Cell], day: date) -> int:
    """How many of the weeks before `day` the store was in business already (at least one)."""
    first = cells[0].day if cells else day
    return max(1, min(reports.WEEKS, (day - first).days // 7))


def _day_name(span: Span, day: date) -> str:
    if span.days <= 7:
        return str(format_date(day, "EEE", locale=locale()))
    return str(day.day) if day.day != 1 else str(get_month_names("abbreviated", locale=locale())[day.month])


def hour_name(hour: int) -> str:
    return gettext("%(hour)s h") % {"hour": hour}


def _bars(store: Store, rows: list[tuple[str, int, float, bool]]) -> list[Bar]:
    highest = max((max(amount, usual) for _label, amount, usual, _now in rows), default=0) or 1
    return [
        Bar(
            label,
            compact(float(to_decimal(amount, store.currency))),
            amount / highest,
            usual / highest,
            is_now,
            f"{label}: {money(store, amount)}",
        )
        for label, amount, usual, is_now in rows
    ]


def heat_map(span: Span, cells: list[Cell]) -> dict[str, Any]:
    """Orders of the last four weeks by weekday and hour, in percent of the busiest."""
    since = span.last - timedelta(weeks=reports.WEEKS)
    recent = [cell for cell in cells if cell.day > since]
    counts: dict[tuple[int, int], int] = defaultdict(int)
    for cell in recent:
        counts[cell.day.weekday(), cell.hour] += cell.orders
    hours = _hours(span, recent)
    names = get_day_names("abbreviated", locale=locale())
    highest = max(counts.values(), default=0)
    rows = [
        (names[day], [(round(counts[day, hour] * 100 / (highest or 1)), counts[day, hour]) for hour in hours])
        for day in range(7)
    ]
    busiest = max(counts, key=lambda key: counts[key]) if counts else None
    said = gettext("Orders by weekday and hour. Nothing yet.")
    if busiest:
        said = gettext("Orders by weekday and hour. Busiest: %(day)s, %(hour)s.") % {
            "day": get_day_names("wide", locale=locale())[busiest[0]],
            "hour": hour_name(busiest[1]),
        }
    return {"hours": hours, "rows": rows, "label": said, "columns": len(hours), "empty": not counts}


def sellers(span: Span, items: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """The ranking with pictures, in the reader's language where the menu has it."""
    found = reports.top_items(span)
    highest = found[0].amount if found else 1
    return [
        {
            "name": item_name(span.store, items[str(row.item_id)]) if str(row.item_id) in items else row.name,
            "amount": money(span.store, row.amount),
            "quantity": row.quantity,
            "share": round(row.amount * 100 / (highest or 1)),
            "photo": _photo(items, row.item_id),
        }
        for row in found
    ]


def _photo(items: dict[str, dict[str, Any]], item_id: UUID) -> str:
    photo = (items.get(str(item_id)) or {}).get("photo") or {}
    return str(photo.get("w160") or static("backoffice/dish.svg"))
