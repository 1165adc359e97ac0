"""Three weeks of past orders, so that no screen of the owner is empty. Written directly, without events."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone

from config.demo.books import Books, order_alarm
from config.demo.money import Cashbox
from config.demo.past import EVENINGS, LUNCH_AND_DINNER, Chance, DemoTable, Pick
from orders.hours import business_day, zone_of
from orders.models import Guest, LineStatus, MenuSnapshot, Order, OrderLine, StoreSnapshot, Tab, TabStatus
from orders.names import ANIMALS, color_of, display_name
from orders.reasons import BY_GUEST, IDLE
from payments.models import GatewayAccount, RefundSource, TabSnapshot
from stores.models import Store, Table
from stores.selectors import tables_of, valid_tokens

DAYS = 21
PARTIES_PER_DAY = {"order": 44, "tab": 6}
REJECTED, CANCELED, EXPIRED, STAFF_REFUND = 0.012, 0.008, 0.012, 0.006
# Parties that finished must have left before now.
LEFT_AFTER = timedelta(minutes=75)
LAST_ROUND = timedelta(minutes=50)


def write_history(store_id: UUID) -> int:
    """Writes the store's last three weeks and its guests of this moment; returns the number of orders."""
    return Historian(store_id).write()


class Historian:
    """Plays the days one after the other."""

    def __init__(self, store_id: UUID) -> None:
        self.settings: dict[str, Any] = StoreSnapshot.objects.get(pk=store_id).data
        menu = MenuSnapshot.objects.filter(store_id=store_id).latest("version_number")
        self.menu_version = menu.version_number
        self.store_id = store_id
        self.pays_first = self.settings["pay_after"] == "order"
        self.chance = Chance(self.settings["slug"], menu.document)
        self.books = Books(store_id)
        self.cash = Cashbox(self.books, self.settings["name"], *self._accounts())
        self.staff = self._staff()
        self.tables = self._tables()
        self.busy: dict[str, datetime] = {}
        self.now = timezone.now()

    def write(self) -> int:
        zone = zone_of(self.settings)
        hours = LUNCH_AND_DINNER if self.pays_first else EVENINGS
        today = business_day(self.settings, self.now)
        parties = PARTIES_PER_DAY[self.settings["pay_after"]]
        for offset in range(-DAYS, 1):
            for at in self.chance.arrivals(today + timedelta(days=offset), zone, hours, parties):
                table = self.chance.table(self.tables, self.busy, at)
                if table is not None and at < self.now - LEFT_AFTER:
                    self._meal(table, at)
        self._present()
        return self.books.write()

    def _accounts(self) -> tuple[GatewayAccount | None, GatewayAccount]:
        rows = GatewayAccount.objects.filter(store_id=self.store_id)
        return rows.filter(gateway="sandbox").first(), rows.get(gateway="counter")

    def _staff(self) -> list[str]:
        people = Store.objects.get(pk=self.store_id).memberships.select_related("user")
        return [row.user.display_name for row in people]

    def _tables(self) -> list[DemoTable]:
        tables: list[Table] = list(tables_of(self.store_id))
        tokens = valid_tokens(tables)
        return [DemoTable(table.pk, table.name, tokens[table.pk], table.seats) for table in tables]

    # --- A party --------------------------------------------------------------------------------------

    def _meal(self, table: DemoTable, at: datetime) -> None:
        """A party from sitting down to leaving."""
        tab, guests = self._seat(table, at)
        bill = None if self.pays_first else self.cash.bill(tab, None, at)
        rounds = self.chance.random.choices((1, 2, 3), (72, 23, 5) if self.pays_first else (20, 45, 35))[0]
        placed, total = at + self.chance.seconds(150), 0
        for number in range(1, rounds + 1):
            order, lines = self._round(tab, self.chance.random.choice(guests), number, placed)
            if bill is None:
                self._paid_round(tab, order, lines)
            else:
                self.cash.charge(bill, order, lines)
                self._cook(order, lines)
                total += order.total
            placed = (order.served_at or order.ended_at or placed) + self.chance.seconds(600)
            if placed > self.now - LAST_ROUND:
                placed = min(placed, self.now - timedelta(minutes=10))
                break
        if bill is not None:
            self.cash.pay(bill, total, placed, guest=None, by=self.chance.random.choice(self.staff))
            tab.settled_at = bill.closed_at = placed
            bill.close_reason = "settled"
        self._leave(tab, min(placed + self.chance.seconds(300), self.now))

    def _seat(self, table: DemoTable, at: datetime) -> tuple[Tab, list[Guest]]:
        count = self.chance.random.randint(1, min(4, table.seats))
        tab = Tab(
            store_id=self.store_id,
            table_id=table.table_id,
            table_name=table.name,
            table_token=table.token,
            pay_after=self.settings["pay_after"],
            currency=self.settings["currency"],
            guest_count=count,
            opened_at=at,
            active_at=at,
        )
        language = self.chance.language()
        first = self.chance.random.randrange(len(ANIMALS))
        guests = [
            Guest(
                tab=tab,
                number=number,
                animal=(first + 7 * number) % len(ANIMALS),
                color=color_of(number),
                language=language,
                token=table.token,
                joined_at=at + timedelta(seconds=15 * number),
            )
            for number in range(count)
        ]
        self.books.add(tab, *guests)
        self.books.add(
            TabSnapshot(
                tab_id=tab.id,
                store_id=self.store_id,
                table_id=table.table_id,
                table_name=table.name,
                table_token=table.token,
            )
        )
        return tab, guests

    def _leave(self, tab: Tab, at: datetime) -> None:
        tab.status, tab.closed_at, tab.active_at, tab.close_code = TabStatus.CLOSED, at, at, IDLE
        self.busy[tab.table_name] = at
        self.books.rows[TabSnapshot][-1].closed_at = at

    # --- A round --------------------------------------------------------------------------------------

    def _round(self, tab: Tab, guest: Guest, number: int, at: datetime) -> tuple[Order, list[OrderLine]]:
        day = business_day(self.settings, at)
        picks = self.chance.picks()
        order = Order(
            store_id=self.store_id,
            tab=tab,
            guest=guest,
            guest_name=display_name("", guest.animal, self.settings["language"]),
            guest_language=guest.language,
            table_id=tab.table_id,
            table_name=tab.table_name,
            number=self.books.number(day),
            business_day=day,
            round=number,
            status="awaiting_payment" if self.pays_first else "submitted",
            menu_version=self.menu_version,
            pay_after=tab.pay_after,
            currency=tab.currency,
            total=sum(pick.unit_price * pick.quantity for pick in picks),
            placed_at=at,
            submitted_at=None if self.pays_first else at,
        )
        order.idempotency_key = f"demo-{order.id}"
        lines = [self._line(order, guest, position, pick) for position, pick in enumerate(picks)]
        self.books.add(order, *lines)
        return order, lines

    def _line(self, order: Order, guest: Guest, position: int, pick: Pick) -> OrderLine:
        item = pick.item
        own_tax = item.get("tax_rate_bp")
        return OrderLine(
            order=order,
            position=position,
            guest=guest,
            guest_name=order.guest_name,
            item_id=UUID(item["id"]),
            name=item["name"],
            i18n=_names(item),
            language=self.settings["language"],
            quantity=pick.quantity,
            unit_price=pick.unit_price,
            total=pick.unit_price * pick.quantity,
            options=[
                {"id": option["id"], "name": option["name"], "i18n": _names(option), "price": option["price"]}
                for option in pick.options
            ],
            tax_rate_bp=self.settings["tax_rate_bp"] if own_tax is None else own_tax,
            station=item["station"],
            allergens=item["allergens"],
            changed_at=order.placed_at,
        )

    def _paid_round(self, tab: Tab, order: Order, lines: list[OrderLine]) -> None:
        """Pay first: paid and cooked, or one of the ways in which that does not happen."""
        bill = self.cash.bill(tab, order, order.placed_at)
        charged = self.cash.charge(bill, order, lines)
        if self.chance.happens(EXPIRED):
            order.expire(lines, order.placed_at + timedelta(minutes=10))
            self.cash.give_up(bill, order.total, order.placed_at + timedelta(minutes=1))
            bill.closed_at, bill.close_reason = order.ended_at, "expired"
            for row in charged:
                row.void(amount=row.total, reason="expired")
            return
        paid_at = order.placed_at + self.chance.seconds(25)
        by = self.chance.random.choice(self.staff) if self.chance.happens(0.12) else ""
        payment = self.cash.pay(bill, order.total, paid_at, guest=order.guest_id, by=by)
        order.submit(paid_at)
        reason = self._refuse(order, lines)
        if not reason:
            self._cook(order, lines)
        if reason or self.chance.happens(STAFF_REFUND):
            amount = order.total if reason else lines[0].total
            source = RefundSource.ORDER if reason else RefundSource.STAFF
            at = (order.ended_at or order.served_at or paid_at) + timedelta(seconds=3)
            text = reason or "음식이 식었어요"
            by = "" if reason else self.staff[0]
            self.cash.give_back(payment, amount, at, source=source, reason=text, by=by)
        if reason:
            bill.closed_at, bill.close_reason = order.ended_at, reason
            for row in charged:
                row.void(amount=row.total, reason=reason)

    def _refuse(self, order: Order, lines: list[OrderLine]) -> str:
        """Sometimes the kitchen cannot, or the guest changes their mind; the reason, else nothing."""
        assert order.submitted_at is not None
        if self.chance.happens(REJECTED):
            reason = self.chance.random.choice(("재료가 떨어졌어요", "주방이 너무 바빠요"))
            code = "sold_out" if "재료" in reason else "busy"
            at = order.submitted_at + self.chance.seconds(30)
            order.reject(lines, reason_code=code, reason=reason, actor_name=self.staff[-1], at=at)
        elif self.chance.happens(CANCELED):
            reason = "canceled"
            at = order.submitted_at + timedelta(seconds=8)
            order.cancel(lines, reason="", reason_code=BY_GUEST, actor_name=order.guest_name, at=at)
        else:
            return ""
        self.books.add(order_alarm(order, lines, at, self.staff[-1]))
        return reason

    def _cook(self, order: Order, lines: list[OrderLine]) -> None:
        """Accepted within seconds, ready within minutes, served."""
        self._accept(order, lines, self.chance.seconds(11, 0.8))
        assert order.accepted_at is not None
        order.finish_lines(lines, LineStatus.READY, order.accepted_at + self.chance.seconds(480, 0.35))
        assert order.ready_at is not None
        order.finish_lines(lines, LineStatus.SERVED, order.ready_at + self.chance.seconds(70))

    def _accept(self, order: Order, lines: list[OrderLine], after: timedelta) -> None:
        assert order.submitted_at is not None
        at = order.submitted_at + after
        minutes = self.chance.random.choice((8, 10, 10, 12, 15))
        order.accept(lines, minutes=minutes, actor_name=self.staff[-1], at=at)
        self.books.add(order_alarm(order, lines, at, self.staff[-1]))

    # --- This moment ----------------------------------------------------------------------------------

    def _present(self) -> None:
        """The last tables are taken: one waits, one has a dish on the table, one has eaten."""
        for table, minutes, step in zip(
            self.tables[-3:], (4, 9, 30), ("cooks", "partly", "eats"), strict=True
        ):
            placed = self.now - timedelta(minutes=minutes)
            tab, guests = self._seat(table, placed - timedelta(minutes=3))
            order, lines = self._round(tab, guests[0], 1, placed)
            tab.active_at = placed
            if self.pays_first:
                bill = self.cash.bill(tab, order, placed)
                self.cash.charge(bill, order, lines)
                order.submit(placed + timedelta(seconds=20))
                self.cash.pay(bill, order.total, placed + timedelta(seconds=20), guest=guests[0].id)
            else:
                self.cash.charge(self.cash.bill(tab, None, placed), order, lines)
            self._accept(order, lines, timedelta(seconds=10))
            if step == "partly" and len(lines) > 1:
                order.finish_lines(lines, LineStatus.READY, self.now - timedelta(minutes=1), lines[0].pk)
            elif step == "eats":  # no chance: what waits long enough would be served in the future
                order.finish_lines(lines, LineStatus.READY, placed + timedelta(minutes=10))
                order.finish_lines(lines, LineStatus.SERVED, placed + timedelta(minutes=11))


def _names(row: dict[str, Any]) -> dict[str, Any]:
    return {code: {"name": texts["name"]} for code, texts in row["i18n"].items() if texts.get("name")}
