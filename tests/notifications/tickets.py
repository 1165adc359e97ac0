"""What tests of printers do and ask again and again."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import F

from events.kernel.databases import alias_of
from events.kernel.ids import new_id
from events.models import Delivery
from notifications.models import Kind, Notification
from notifications.printing import services
from notifications.printing.models import JobState, Paper, Printer, PrintJob, TicketKind, Way
from orders.events import LineVoided, OrderCanceled, OrderSubmitted
from stores.models import Store
from tests.notifications.facts import Party
from tests.notifications.printer import FakePrinter

PRINT, WRITE = "notifications.print_ticket", "notifications.write_tickets"
DATABASE = alias_of("notifications")


def add(store: Store, told: FakePrinter | None = None, **changes: Any) -> Printer:
    """A printer in the network; without `told` one that asks for its tickets."""
    values: dict[str, Any] = {"name": "Kitchen", "paper": Paper.WIDE, "language": "ko", "stations": []}
    if told:
        values |= {"way": Way.LAN, "host": told.host, "port": told.port}
    else:
        values |= {"way": Way.CLOUD, "host": "", "port": 9100}
    values |= {"actor_name": "Kim", **changes}
    return services.add_printer(store_id=store.pk, **values)


def dish(name: str = "떡볶이", **changes: Any) -> dict[str, Any]:
    return {
        "id": str(new_id()),
        "name": name,
        "i18n": {"en": {"name": f"{name} (en)"}},
        "quantity": 2,
        "options": [{"name": "치즈", "i18n": {}}],
        "note": "",
        "station": "",
        **changes,
    }


def order(party: Party, *dishes: dict[str, Any]) -> OrderSubmitted:
    return party.submit(lines=list(dishes or [dish()]))


def canceled(party: Party, of: OrderSubmitted) -> OrderCanceled:
    return OrderCanceled(
        **party.at_table(), order_id=of.order_id, number=of.number, reason="changed their minds",
        total=6500, currency="KRW", actor_kind="guest", actor_name="Fox",
    )  # fmt: skip


def voided(party: Party, of: OrderSubmitted, line_id: str) -> LineVoided:
    return LineVoided(
        **party.at_table(), order_id=of.order_id, number=of.number, line_id=UUID(line_id),
        line_name="떡볶이", amount=100, currency="KRW", reason="fell down", actor_name="Kim",
    )  # fmt: skip


def jobs(**filters: Any) -> list[PrintJob]:
    return list(PrintJob.objects.filter(**filters).order_by("pk"))


def kinds() -> list[TicketKind]:
    return [TicketKind(job.kind) for job in jobs()]


def states() -> list[JobState]:
    return [JobState(job.state) for job in jobs()]


def age(**by: float) -> None:
    """Everything that was written is so much older."""
    by_then = timedelta(**by)
    PrintJob.objects.update(created_at=F("created_at") - by_then, queued_at=F("queued_at") - by_then)


def deliveries() -> list[Delivery]:
    return list(Delivery.objects.using(DATABASE).filter(handler=PRINT).order_by("seq"))


def alarms(**filters: Any) -> list[Notification]:
    rows = Notification.objects.filter(kind=Kind.PRINTER_DOWN, alarm=True, **filters)
    return list(rows.order_by("seq"))
