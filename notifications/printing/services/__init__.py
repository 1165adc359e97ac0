"""Printers, what is written for them, and every attempt to print it."""

from notifications.printing.services.attempts import (
    begin,
    finish,
    note_problem,
    print_test,
    print_ticket,
)
from notifications.printing.services.printers import (
    add_printer,
    change_printer,
    new_address,
    pause_printer,
    remove_printer,
    resume_printer,
)
from notifications.printing.services.queueing import SENDER
from notifications.printing.services.writing import CHANGES, ORDERS, TOPICS, print_again, write_tickets

__all__ = [
    "CHANGES",
    "ORDERS",
    "SENDER",
    "TOPICS",
    "add_printer",
    "begin",
    "change_printer",
    "finish",
    "new_address",
    "note_problem",
    "pause_printer",
    "print_again",
    "print_test",
    "print_ticket",
    "remove_printer",
    "resume_printer",
    "write_tickets",
]
