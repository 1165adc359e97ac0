"""Guests call for staff; staff answer."""

from datetime import datetime
from uuid import UUID

from events.kernel.databases import atomic
from events.kernel.errors import NotFound
from events.outbox import publish
from orders.events import CallRaised
from orders.models import Call
from orders.names import display_name
from orders.services.announce import hint_order
from orders.services.cart import lock_guest_tab
from orders.services.tabs import end_call, tab_fields
from orders.storefront import current_storefront


def raise_call(*, guest_id: UUID, kind: str, note: str, now: datetime) -> tuple[Call, bool]:
    """Calls for staff; returns (call, is new): an open call of the same kind stands. Raises TabClosed."""
    with atomic("orders"):
        guest, tab = lock_guest_tab(guest_id)
        known = Call.objects.filter(tab=tab, kind=kind, answered_at=None).first()
        if known is not None:
            return known, False
        language = current_storefront(tab.store_id).language
        call = Call.objects.create(
            tab=tab,
            guest=guest,
            store_id=tab.store_id,
            kind=kind,
            note=note,
            guest_name=display_name(guest.nickname, guest.animal, language),
            raised_at=now,
        )
        event = CallRaised(
            **tab_fields(tab), call_id=call.pk, kind=kind, note=note, guest_name=call.guest_name
        )
        publish(event, correlation_id=tab.pk)
        hint_order(tab.store_id, tab.pk)
    return call, True


def answer_call(*, store_id: UUID, call_id: UUID, actor_name: str, now: datetime) -> Call:
    """Somebody is on the way. Raises WrongState when it was answered, NotFound."""
    with atomic("orders"):
        call = (
            Call.objects.select_for_update(of=("self",))
            .select_related("tab")
            .filter(pk=call_id, store_id=store_id)
            .first()
        )
        if call is None:
            raise NotFound()
        end_call(call, call.tab, actor_name=actor_name, now=now)
        hint_order(store_id, call.tab_id)
    return call
