"""Adds, changes, pauses and removes printers."""

from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from events.kernel.databases import atomic
from notifications.printing.errors import PrinterRefused, PrinterWrongState
from notifications.printing.models import (
    Printer,
    PrinterState,
    PrinterSubscription,
    Way,
    digest_of,
    new_token,
)
from notifications.printing.network import check_address
from notifications.printing.services.queueing import locked, queue_anew
from notifications.printing.services.writing import ORDERS, TOPICS
from notifications.services import acknowledge_subject

CONTEXT = "notifications"
MAX_PRINTERS = 20


def add_printer(*, store_id: UUID, changes: bool = True, actor_name: str = "", **values: Any) -> Printer:
    """A new printer of a store. Raises PrinterRefused.

    `changes`: whether it also prints what becomes of orders. `values`: name, way, host, port, paper,
    language, stations. A printer that asks for its tickets prints nothing before `new_address` gave it one.
    """
    with atomic(CONTEXT):
        if Printer.objects.filter(store_id=store_id).count() >= MAX_PRINTERS:
            raise PrinterRefused(_("A store can have twenty printers."))
        printer = Printer(store_id=store_id, created_by=actor_name)
        _set_up(printer, changes, values)
        return printer


def change_printer(*, printer_id: UUID, changes: bool, **values: Any) -> None:
    """Other values; what waits already is printed by the new ones. Raises PrinterRefused."""
    with atomic(CONTEXT):
        printer = locked(printer_id)
        before = printer.way, printer.host, printer.port
        _set_up(printer, changes, values)
        if (printer.way, printer.host, printer.port) == before:
            return
        # Another device: whether it ever answers is not known, and it was not asked for what waits.
        Printer.objects.filter(pk=printer.pk).update(talks=False, problem="")
        if printer.is_open:
            queue_anew(printer)


def _set_up(printer: Printer, changes: bool, values: dict[str, Any]) -> None:
    for name, value in values.items():
        setattr(printer, name, value)
    others = Printer.objects.filter(store_id=printer.store_id, name=printer.name).exclude(pk=printer.pk)
    if others.exists():
        raise PrinterRefused(_("The store has a printer of this name already."))
    if printer.way == Way.LAN:
        check_address(printer.host, printer.port)
    printer.save()
    _subscribe(printer, TOPICS if changes else ORDERS)


def _subscribe(printer: Printer, topics: tuple[str, ...]) -> None:
    printer.subscriptions.exclude(topic__in=topics).delete()
    rows = [PrinterSubscription(printer=printer, store_id=printer.store_id, topic=topic) for topic in topics]
    PrinterSubscription.objects.bulk_create(rows, ignore_conflicts=True)


def new_address(*, printer_id: UUID) -> str:
    """A new secret part of the address where a printer asks for its tickets; the old one is void."""
    token = new_token()
    with atomic(CONTEXT):
        printer = locked(printer_id)
        if not printer.asks:
            raise PrinterWrongState(_("This printer is reached in the network: it needs no address."))
        printer.token_digest = digest_of(token)
        printer.save(update_fields=["token_digest"])
    return token


def remove_printer(*, printer_id: UUID) -> None:
    """Nothing is printed there any more; its tickets go with it."""
    with atomic(CONTEXT):
        printer = locked(printer_id)
        acknowledge_subject(store_id=printer.store_id, subject_id=printer.pk, actor_name="")
        printer.delete()


def pause_printer(*, printer_id: UUID, actor_name: str) -> None:
    """What happens meanwhile waits. Raises PrinterWrongState when it is paused already."""
    with atomic(CONTEXT):
        printer = locked(printer_id)
        if not printer.is_open:
            raise PrinterWrongState
        printer.state, printer.state_reason = PrinterState.PAUSED, actor_name[:150]
        printer.save(update_fields=["state", "state_reason"])
        acknowledge_subject(store_id=printer.store_id, subject_id=printer.pk, actor_name=actor_name)


def resume_printer(*, printer_id: UUID) -> int:
    """Prints what waits, in its order, but nothing that is too old; returns how many tickets."""
    with atomic(CONTEXT):
        printer = locked(printer_id)
        if printer.is_open:
            raise PrinterWrongState
        printer.state, printer.state_reason = PrinterState.ACTIVE, ""
        printer.save(update_fields=["state", "state_reason"])
        return queue_anew(printer)
