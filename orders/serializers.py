"""Shapes of the API: inputs of the less busy calls, and outputs for the OpenAPI document."""

from typing import Any

from rest_framework import serializers as s

from orders.models import CallKind, LineStatus, OrderStatus, PayAfter, TabStatus
from orders.pricing import MAX_LINES


class JoinInput(s.Serializer[Any]):
    nickname = s.CharField(max_length=20, required=False, allow_blank=True, default="")


class CallInput(s.Serializer[Any]):
    kind = s.ChoiceField(choices=CallKind.choices)
    note = s.CharField(max_length=200, required=False, allow_blank=True, default="")


class AcceptInput(s.Serializer[Any]):
    minutes = s.IntegerField(min_value=1, max_value=240)


class AcceptManyInput(AcceptInput):
    order_ids = s.ListField(child=s.UUIDField(), min_length=1, max_length=100)


class RejectInput(s.Serializer[Any]):
    reason_code = s.ChoiceField(choices=["sold_out", "closing", "busy", "other"])
    reason = s.CharField(max_length=200, required=False, allow_blank=True, default="")


class ReasonInput(s.Serializer[Any]):
    reason = s.CharField(max_length=200, required=False, allow_blank=True, default="")


class MoveInput(s.Serializer[Any]):
    table_id = s.UUIDField()


class MergeInput(s.Serializer[Any]):
    into_tab_id = s.UUIDField()


class LogInput(s.Serializer[Any]):
    day = s.DateField(required=False)


class LineInput(s.Serializer[Any]):
    item_id = s.UUIDField()
    quantity = s.IntegerField(min_value=1, max_value=99)
    options = s.ListField(child=s.UUIDField(), required=False, max_length=50)
    note = s.CharField(max_length=200, required=False, allow_blank=True)


class CartLineInput(LineInput):
    id = s.UUIDField(required=False, allow_null=True)


class CartInput(s.Serializer[Any]):
    lines = s.ListField(child=CartLineInput(), max_length=MAX_LINES)


class OrderInput(s.Serializer[Any]):
    menu_version = s.IntegerField(min_value=0, max_value=2**53)
    lines = s.ListField(child=LineInput(), min_length=1, max_length=MAX_LINES)
    cart_line_ids = s.ListField(child=s.UUIDField(), required=False, allow_null=True, max_length=MAX_LINES)


class GuestOutput(s.Serializer[Any]):
    id = s.UUIDField(allow_null=True)
    name = s.CharField()
    color = s.CharField(allow_blank=True)


class OptionOutput(s.Serializer[Any]):
    name = s.CharField()
    price = s.IntegerField()


class OrderLineOutput(s.Serializer[Any]):
    id = s.UUIDField()
    item_id = s.UUIDField()
    name = s.CharField()
    original_name = s.CharField()
    quantity = s.IntegerField()
    options = OptionOutput(many=True)
    note = s.CharField(allow_blank=True)
    unit_price = s.IntegerField()
    total = s.IntegerField()
    status = s.ChoiceField(choices=LineStatus.choices)
    guest = GuestOutput()


# What phones and staff read alike.
class OrderFactsOutput(s.Serializer[Any]):
    id = s.UUIDField()
    number = s.IntegerField()
    round = s.IntegerField()
    status = s.ChoiceField(choices=OrderStatus.choices)
    placed_at = s.DateTimeField()
    submitted_at = s.DateTimeField(allow_null=True)
    accepted_at = s.DateTimeField(allow_null=True)
    ready_by = s.DateTimeField(allow_null=True)
    minutes = s.IntegerField(allow_null=True)
    ready_at = s.DateTimeField(allow_null=True)
    served_at = s.DateTimeField(allow_null=True)
    ended_at = s.DateTimeField(allow_null=True)
    total = s.IntegerField()
    currency = s.CharField()
    reason = s.CharField(allow_blank=True)
    reason_code = s.CharField(allow_blank=True)


class OrderOutput(OrderFactsOutput):
    expires_at = s.DateTimeField(allow_null=True)
    lines = OrderLineOutput(many=True)
    can_cancel = s.BooleanField()
    mine = s.BooleanField()


class TableOutput(s.Serializer[Any]):
    id = s.UUIDField()
    name = s.CharField()


class TabOutput(s.Serializer[Any]):
    id = s.UUIDField()
    status = s.ChoiceField(choices=TabStatus.choices)
    opened_at = s.DateTimeField()
    table = TableOutput()
    guests = GuestOutput(many=True)
    orders = OrderOutput(many=True)
    pay_after = s.ChoiceField(choices=PayAfter.choices)
    settled = s.BooleanField()


class CartOptionOutput(OptionOutput):
    id = s.UUIDField()


class CartLineOutput(s.Serializer[Any]):
    id = s.UUIDField()
    item_id = s.UUIDField()
    name = s.CharField(allow_blank=True)
    original_name = s.CharField(allow_blank=True)
    quantity = s.IntegerField()
    options = CartOptionOutput(many=True)
    option_ids = s.ListField(child=s.UUIDField())
    note = s.CharField(allow_blank=True)
    unit_price = s.IntegerField()
    total = s.IntegerField()
    guest = GuestOutput()
    mine = s.BooleanField()
    available = s.BooleanField()


class CartOutput(s.Serializer[Any]):
    version = s.IntegerField()
    lines = CartLineOutput(many=True)
    total = s.IntegerField()
    currency = s.CharField()


class JoinOutput(s.Serializer[Any]):
    guest = GuestOutput()
    tab = TabOutput()
    cart = CartOutput()


class PageStoreOutput(s.Serializer[Any]):
    id = s.UUIDField()
    slug = s.CharField()
    name = s.CharField()
    branch = s.CharField(allow_blank=True)
    currency = s.CharField()
    timezone = s.CharField()
    language = s.CharField()
    languages = s.ListField(child=s.CharField())
    brand_color = s.CharField()
    pay_after = s.ChoiceField(choices=PayAfter.choices)
    open = s.BooleanField()
    opens_at = s.CharField(allow_null=True)
    opens_on = s.DateField(allow_null=True)
    closes_at = s.CharField(allow_null=True)
    last_order = s.CharField(allow_null=True)
    accepting = s.BooleanField()
    paused = s.BooleanField()
    message = s.CharField(allow_blank=True)


class PageTableOutput(TableOutput):
    seats = s.IntegerField()


class PageOptionOutput(CartOptionOutput):
    sold_out = s.BooleanField()


class PageOptionGroupOutput(s.Serializer[Any]):
    id = s.UUIDField()
    name = s.CharField()
    required = s.BooleanField()  # type: ignore[assignment]
    min = s.IntegerField()
    max = s.IntegerField()
    options = PageOptionOutput(many=True)


class PagePhotoOutput(s.Serializer[Any]):
    color = s.CharField()
    w160 = s.CharField()
    w320 = s.CharField()
    w640 = s.CharField()


class PageItemOutput(s.Serializer[Any]):
    id = s.UUIDField()
    name = s.CharField()
    original_name = s.CharField()
    description = s.CharField(allow_blank=True)
    price = s.IntegerField()
    photo = PagePhotoOutput(allow_null=True)
    allergens = s.ListField(child=s.CharField())
    diet = s.ListField(child=s.CharField())
    spicy = s.IntegerField()
    featured = s.BooleanField()
    sold_out = s.BooleanField()
    minutes = s.IntegerField(allow_null=True)
    option_groups = PageOptionGroupOutput(many=True)


class PageSectionOutput(s.Serializer[Any]):
    id = s.UUIDField()
    name = s.CharField()
    items = PageItemOutput(many=True)


class PageMenuOutput(s.Serializer[Any]):
    version = s.IntegerField()
    sections = PageSectionOutput(many=True)


class PageOutput(s.Serializer[Any]):
    store = PageStoreOutput()
    table = PageTableOutput()
    menu = PageMenuOutput(allow_null=True)
    tab = TabOutput(allow_null=True)
    guest = GuestOutput(allow_null=True)


class TabStateOutput(s.Serializer[Any]):
    status = s.ChoiceField(choices=TabStatus.choices)


class OrdersOutput(s.Serializer[Any]):
    orders = OrderOutput(many=True)
    tab = TabStateOutput()


class CallOutput(s.Serializer[Any]):
    id = s.UUIDField()
    kind = s.ChoiceField(choices=CallKind.choices)
    raised_at = s.DateTimeField()
    answered_at = s.DateTimeField(allow_null=True)


class StaffCallOutput(CallOutput):
    table_id = s.UUIDField()
    table_name = s.CharField()
    note = s.CharField(allow_blank=True)
    guest_name = s.CharField(allow_blank=True)


class TicketLineOutput(s.Serializer[Any]):
    id = s.UUIDField()
    item_id = s.UUIDField()
    name = s.CharField()
    quantity = s.IntegerField()
    options = s.ListField(child=s.CharField())
    note = s.CharField(allow_blank=True)
    status = s.ChoiceField(choices=LineStatus.choices)
    allergens = s.ListField(child=s.CharField())
    station = s.CharField(allow_blank=True)
    total = s.IntegerField()
    guest_name = s.CharField(allow_blank=True)
    changed_at = s.DateTimeField()


class TicketOutput(OrderFactsOutput):
    tab_id = s.UUIDField()
    table_name = s.CharField()
    guest_count = s.IntegerField()
    guest_name = s.CharField(allow_blank=True)
    actor_name = s.CharField(allow_blank=True)
    note = s.CharField(allow_blank=True)
    lines = TicketLineOutput(many=True)


class TicketsOutput(s.Serializer[Any]):
    tickets = TicketOutput(many=True)


class StaffTabOutput(s.Serializer[Any]):
    id = s.UUIDField()
    table_id = s.UUIDField(required=False)
    table_name = s.CharField(required=False)
    status = s.ChoiceField(choices=TabStatus.choices)
    opened_at = s.DateTimeField()
    guest_count = s.IntegerField()
    pay_after = s.ChoiceField(choices=PayAfter.choices)
    settled = s.BooleanField()
    total = s.IntegerField()
    currency = s.CharField()
    orders = OrderOutput(many=True)


class BoardTableOutput(s.Serializer[Any]):
    id = s.UUIDField()
    name = s.CharField()
    zone = s.CharField(allow_null=True, allow_blank=True)
    shape = s.CharField(allow_null=True)
    x = s.IntegerField(allow_null=True)
    y = s.IntegerField(allow_null=True)
    width = s.IntegerField(allow_null=True)
    height = s.IntegerField(allow_null=True)
    seats = s.IntegerField(allow_null=True)
    state = s.ChoiceField(choices=["free", "occupied", "new", "cooking", "ready", "late", "call", "settled"])
    tab = StaffTabOutput(allow_null=True)


class BoardStoreOutput(s.Serializer[Any]):
    id = s.UUIDField()
    slug = s.CharField()
    name = s.CharField()
    branch = s.CharField(allow_blank=True)
    language = s.CharField()
    currency = s.CharField()
    timezone = s.CharField()
    pay_after = s.ChoiceField(choices=PayAfter.choices)
    accepting_orders = s.BooleanField()
    warn_minutes = s.IntegerField()
    late_minutes = s.IntegerField()
    auto_reject_minutes = s.IntegerField()


class AllDayOutput(s.Serializer[Any]):
    name = s.CharField()
    quantity = s.IntegerField()


class BoardOutput(s.Serializer[Any]):
    now = s.DateTimeField()
    store = BoardStoreOutput()
    tickets = TicketOutput(many=True)
    recent = TicketOutput(many=True)
    all_day = AllDayOutput(many=True)
    calls = StaffCallOutput(many=True)
    tables = BoardTableOutput(many=True)


class LogOutput(s.Serializer[Any]):
    day = s.DateField()
    orders = TicketOutput(many=True)
