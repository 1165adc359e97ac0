"""Timers. They only look what is due; the tables hold the truth."""

from celery import shared_task

from events.kernel.databases import now
from orders import services


@shared_task(name="orders.expire_unpaid_orders")
def expire_unpaid_orders() -> int:
    """Ends orders that nobody paid in time."""
    return services.expire_unpaid_orders(now=now("orders"))


@shared_task(name="orders.close_idle_tabs")
def close_idle_tabs() -> int:
    """Ends the tabs of parties that have evidently left."""
    return services.close_idle_tabs(now=now("orders"))
