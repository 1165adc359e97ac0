"""What can be done with tabs and orders: one module per kind of use case, one function per use case.

Every function is keyword-only, runs in one transaction of its own (or the caller's), raises the context's
errors, and publishes only what it did.
"""

from orders.services.calls import answer_call, raise_call
from orders.services.cart import replace_cart
from orders.services.kitchen import (
    accept_order,
    accept_orders,
    mark_line_ready,
    mark_ready,
    mark_served,
    recall_order,
    reject_order,
    reject_unanswered_order,
    undo_line,
    void_line,
)
from orders.services.payment import (
    cancel_order,
    expire_unpaid_orders,
    reopen_tab,
    settle_tab,
    submit_paid_order,
)
from orders.services.placing import place_order
from orders.services.snapshots import (
    forget_code,
    forget_table,
    mark_restocked,
    mark_sold_out,
    retire_table,
    save_menu,
    save_store,
    save_table,
)
from orders.services.tabs import (
    close_idle_tabs,
    close_tab,
    join_tab,
    merge_tab,
    move_tab,
    open_tab,
)

__all__ = [
    "accept_order",
    "accept_orders",
    "answer_call",
    "cancel_order",
    "close_idle_tabs",
    "close_tab",
    "expire_unpaid_orders",
    "forget_code",
    "forget_table",
    "join_tab",
    "mark_line_ready",
    "mark_ready",
    "mark_restocked",
    "mark_served",
    "mark_sold_out",
    "merge_tab",
    "move_tab",
    "open_tab",
    "place_order",
    "raise_call",
    "recall_order",
    "reject_order",
    "reject_unanswered_order",
    "reopen_tab",
    "replace_cart",
    "retire_table",
    "save_menu",
    "save_store",
    "save_table",
    "settle_tab",
    "submit_paid_order",
    "undo_line",
    "void_line",
]
