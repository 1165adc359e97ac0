"""The event queue for owners: what happened, what waits, what died, and what somebody did about it."""

from events.admin.deliveries import DeliveryAdmin
from events.admin.events import EventAdmin
from events.admin.interventions import InterventionAdmin

__all__ = ["DeliveryAdmin", "EventAdmin", "InterventionAdmin"]
