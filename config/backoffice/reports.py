"""The owner's numbers: one function per tile, each a query or two, all by the store's business day."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import (
    Aggregate,
    Count,
    DurationField,
    ExpressionWrapper,
    F,
    FloatField,
    Q,
    QuerySet,
    Sum,
)
from django.db.models.functions import Extract, ExtractHour
from django.utils import timezone

from events.models import Delivery, DeliveryStatus
from notifications.models import Kind, Notification, store_channel
from notifications.printing.watch import late_jobs
from notifications.webhooks.models import AddressState, WebhookAddress
from orders import hours
from orders.models import GONE as GONE_LINES
from orders.models import REFUSED_STATUSES, MenuSnapshot, Order, OrderLine, OrderStatus, SoldOut
from payments.models import (
    PENDING_STATES,
    STUCK_STATES,
    Bill,
    LedgerEntry,
    Payment,
    PaymentState,
    Refund,
)
from payments.selectors import sums_of
from stores.models import Store

WEEKS = 4
NOT_SOLD = (OrderStatus.AWAITING_PAYMENT, *REFUSED_STATUSES)


@dataclass(frozen=True)
class Span:
    """The business days `first`..`last` (both included) of a store, and what that means on the clock."""

    store: Store
    first: date
    last: date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def starts_at(self) -> datetime:
        return day_start(self.store, self.first)

    @property
    def ends_at(self) -> datetime:
        return day_start(self.store, self.last + timedelta(days=1))


def business_day(store: Store, moment: datetime | None = None) -> date:
    """The day that a moment (default: now) belongs to: nights count to the evening before."""
    settings = {"timezone": store.timezone, "day_cutoff_hour": store.day_cutoff_hour}
    return hours.business_day(settings, moment or timezone.now())


def day_start(store: Store, day: date) -> datetime:
    """When a business day begins."""
    return datetime(day.year, day.month, day.day, store.day_cutoff_hour, tzinfo=ZoneInfo(store.timezone))


def span_of(store: Store, days: int) -> Span:
    """The last `days` business days up to today."""
    today = business_day(store)
    return Span(store, today - timedelta(days=days - 1), today)


class Cell(NamedTuple):
    """What one hour of one business day brought."""

    day: date
    hour: int
    orders: int
    amount: int


def _sold(store: Store) -> QuerySet[Order]:
    return Order.objects.filter(store_id=store.pk).exclude(status__in=NOT_SOLD)


def sales(span: Span) -> list[Cell]:
    """Orders and money per business day and hour, from four weeks before the span on. One query."""
    since = day_start(span.store, span.first - timedelta(weeks=WEEKS))
    rows = (
        _sold(span.store)
        .filter(placed_at__gte=since, placed_at__lt=span.ends_at)
        .annotate(hour=ExtractHour("placed_at", tzinfo=ZoneInfo(span.store.timezone)))
        .values("business_day", "hour")
        .annotate(orders=Count("pk"), amount=Sum("total"))
        .order_by("business_day", "hour")
    )
    return [Cell(row["business_day"], row["hour"], row["orders"], row["amount"]) for row in rows]


def sold_before(span: Span) -> int:
    """What the same days brought a week (for one day) or a span earlier, up to the same moment."""
    back = timedelta(days=7 if span.days == 1 else span.days)
    # In the store's zone: a week ago means the same hour on the wall, also over a change of the clocks.
    until = min(timezone.now().astimezone(ZoneInfo(span.store.timezone)), span.ends_at) - back
    before = _sold(span.store).filter(placed_at__gte=span.starts_at - back, placed_at__lt=until)
    return before.aggregate(amount=Sum("total"))["amount"] or 0


class Percentile(Aggregate):
    """`percentile_cont(fraction)` of a duration, in seconds."""

    function = "PERCENTILE_CONT"
    template = "%(function)s(%(fraction)s) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = FloatField()


class Spread(NamedTuple):
    """The middle and the ninth of ten, in seconds; None when nothing was measured."""

    half: float | None
    most: float | None


def _spread(rows: QuerySet[Any], start: str, end: str) -> Spread:
    took = ExpressionWrapper(F(end) - F(start), output_field=DurationField())
    found = rows.annotate(seconds=Extract(took, "epoch")).aggregate(
        half=Percentile("seconds", fraction=0.5), most=Percentile("seconds", fraction=0.9)
    )
    return Spread(found["half"], found["most"])


def cooking_time(span: Span) -> Spread:
    """From accepted to ready."""
    rows = _sold(span.store).filter(
        placed_at__gte=span.starts_at,
        placed_at__lt=span.ends_at,
        accepted_at__isnull=False,
        ready_at__gte=F("accepted_at"),
    )
    return _spread(rows, "accepted_at", "ready_at")


def answer_time(span: Span) -> Spread:
    """How long the alarm of a new order rang until somebody took it."""
    rows = Notification.objects.filter(
        channel=store_channel(span.store.pk),
        kind=Kind.ORDER_SUBMITTED,
        alarm=True,
        acked_at__isnull=False,
        created_at__gte=span.starts_at,
        created_at__lt=span.ends_at,
    )
    return _spread(rows, "created_at", "acked_at")


class Refunds(NamedTuple):
    """Money given back within the span, minor units, and its `rate` of the money taken; how many wait now."""

    amount: int
    rate: float
    open: int


def refunds(span: Span) -> Refunds:
    """Two queries: the ledger for what moved, the refunds for what waits."""
    entries = LedgerEntry.objects.filter(
        store_id=span.store.pk, created_at__gte=span.starts_at, created_at__lt=span.ends_at
    )
    moved = entries.aggregate(
        taken=Sum("amount", filter=Q(kind="capture")), given=Sum("amount", filter=Q(kind="refund"))
    )
    taken, given = moved["taken"] or 0, -(moved["given"] or 0)
    return Refunds(given, given / taken if taken else 0.0, open_refund_count(span.store))


def open_refunds(store: Store, limit: int = 3) -> list[Refund]:
    """What a person must decide, however old it is, then what is on its way; each the newest first."""
    rows = _open_refunds(store).annotate(needs_a_person=Q(state__in=STUCK_STATES))
    return list(rows.select_related("payment", "bill").order_by("-needs_a_person", "-created_at")[:limit])


def open_refund_count(store: Store) -> int:
    """How many refunds are on their way or wait for a person."""
    return _open_refunds(store).count()


def _open_refunds(store: Store) -> QuerySet[Refund]:
    return Refund.objects.filter(store_id=store.pk, state__in=(*PENDING_STATES, *STUCK_STATES))


def payments_to_review(store: Store) -> int:
    """Payments that only a person can judge."""
    return Payment.objects.filter(store_id=store.pk, state=PaymentState.REVIEW).count()


class DeadLetters(NamedTuple):
    """How many deliveries wait for a person, and the newest of them."""

    number: int
    newest: Delivery | None


def dead_letters(store: Store, aliases: Iterable[str]) -> DeadLetters:
    """Deliveries of this store's events that were given up. Two queries per database that has any."""
    counts = {alias: _dead_in(alias, store).count() for alias in aliases}
    newest = [_newest_dead_in(alias, store) for alias, count in counts.items() if count]
    last = max(filter(None, newest), key=lambda row: row.done_at or row.due_at, default=None)
    return DeadLetters(sum(counts.values()), last)


def dead_letter_count(store: Store, aliases: Iterable[str]) -> int:
    """How many they are: a query per database, by a partial index of what is stuck."""
    return sum(_dead_in(alias, store).count() for alias in aliases)


def _dead_in(alias: str, store: Store) -> QuerySet[Delivery]:
    return Delivery.objects.using(alias).filter(status=DeliveryStatus.DEAD, event__store_id=store.pk)


def _newest_dead_in(alias: str, store: Store) -> Delivery | None:
    return _dead_in(alias, store).select_related("event").order_by("-done_at").first()


def unpaid(store: Store) -> tuple[int, int]:
    """(orders, minor units) that wait for their guest's money, not for the news that it is there."""
    rows = Order.objects.filter(store_id=store.pk, status=OrderStatus.AWAITING_PAYMENT)
    totals = dict(rows.values_list("pk", "total"))
    orders = dict(Bill.objects.filter(order_id__in=list(totals)).values_list("pk", "order_id"))
    owed = totals.keys() - {orders[bill] for bill, sums in sums_of(orders).items() if sums.is_paid}
    return len(owed), sum(totals[order_id] for order_id in owed)


def stopped_addresses(store: Store) -> list[str]:
    """Webhook addresses that were given up, by what they are for."""
    rows = WebhookAddress.objects.filter(store_id=store.pk, state=AddressState.DEAD).order_by("created_at")
    return [row.short_name for row in rows]


def silent_printers(store: Store) -> list[str]:
    """The names of printers that leave a ticket lying."""
    late = late_jobs().filter(store_id=store.pk).order_by("printer__name")
    return list(late.values_list("printer__name", flat=True).distinct())


def sold_out_items(store: Store) -> list[UUID]:
    """Items that are sold out as a whole."""
    return list(SoldOut.objects.filter(store_id=store.pk, option_id=None).values_list("item_id", flat=True))


class Seller(NamedTuple):
    """One item of the ranking."""

    item_id: UUID
    name: str
    quantity: int
    amount: int


def top_items(span: Span, limit: int = 5) -> list[Seller]:
    """What brought the most money, under the name it was last sold by."""
    lines = OrderLine.objects.filter(
        order__store_id=span.store.pk,
        order__placed_at__gte=span.starts_at,
        order__placed_at__lt=span.ends_at,
    ).exclude(Q(order__status__in=NOT_SOLD) | Q(status__in=GONE_LINES))
    rows = lines.values("item_id", "name").annotate(count=Sum("quantity"), amount=Sum("total"))
    amounts: Counter[UUID] = Counter()
    quantities: Counter[UUID] = Counter()
    names: dict[UUID, str] = {}
    for row in rows:
        amounts[row["item_id"]] += row["amount"]
        quantities[row["item_id"]] += row["count"]
        names[row["item_id"]] = row["name"]
    return [Seller(key, names[key], quantities[key], amount) for key, amount in amounts.most_common(limit)]


def menu_items(store: Store) -> dict[str, dict[str, Any]]:
    """item id -> the item as the newest published menu has it (name, i18n, photo)."""
    menu = MenuSnapshot.objects.filter(store_id=store.pk).order_by("-version_number").first()
    sections = menu.document.get("sections", []) if menu else []
    return {item["id"]: item for section in sections for item in section.get("items", [])}
