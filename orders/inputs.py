"""Bodies of the guests' writes, decoded and checked in one pass: this is the hot path."""

from typing import Annotated, TypeVar
from uuid import UUID

import msgspec
from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError, UnsupportedMediaType, ValidationError
from rest_framework.request import Request

from orders.pricing import MAX_LINES, Choice
from orders.services.cart import CartEntry
from orders.services.placing import Placement

# PostgreSQL stores no NUL, and a lone surrogate is no text.
Note = Annotated[str, msgspec.Meta(max_length=200, pattern="\\A[^\\x00\\ud800-\\udfff]*\\Z")]
Quantity = Annotated[int, msgspec.Meta(ge=1, le=99)]
Options = Annotated[list[UUID], msgspec.Meta(max_length=50)]
BodyT = TypeVar("BodyT")


class LineInput(msgspec.Struct):
    """One line as the phone shows it."""

    item_id: UUID
    quantity: Quantity
    options: Options = []
    note: Note = ""
    id: UUID | None = None

    def choice(self) -> Choice:
        options = tuple(str(option) for option in self.options)
        return Choice(str(self.item_id), self.quantity, options, self.note.strip())


class CartInput(msgspec.Struct):
    """The caller's own lines."""

    lines: Annotated[list[LineInput], msgspec.Meta(max_length=MAX_LINES)]

    def entries(self) -> list[CartEntry]:
        return [CartEntry(line.id, line.choice()) for line in self.lines]


class OrderInput(msgspec.Struct):
    """A round to be sent."""

    menu_version: Annotated[int, msgspec.Meta(ge=0, le=2**53)]
    lines: Annotated[list[LineInput], msgspec.Meta(min_length=1, max_length=MAX_LINES)]
    cart_line_ids: Annotated[list[UUID], msgspec.Meta(max_length=MAX_LINES)] | None = None

    def placement(self) -> Placement:
        choices = tuple(line.choice() for line in self.lines)
        return Placement(self.menu_version, choices, tuple(self.cart_line_ids or ()))


# Made here, where one thread runs: msgspec 0.22 crashes the process when several meet a new type together.
CART = msgspec.json.Decoder(CartInput)
ORDER = msgspec.json.Decoder(OrderInput)


def decode(request: Request, decoder: msgspec.json.Decoder[BodyT]) -> BodyT:
    """The request's JSON body as the decoder's type; raises DRF's 400 or 415."""
    if (request.content_type or "").partition(";")[0].strip() != "application/json":
        raise UnsupportedMediaType(request.content_type or "")
    try:
        return decoder.decode(request._request.body)
    except msgspec.ValidationError as error:
        raise ValidationError({"body": [str(error)]}) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise ParseError(_("This is not readable JSON")) from None
