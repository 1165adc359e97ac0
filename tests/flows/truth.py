"""What must be true in the tables, whatever the screens say."""

from typing import Any

from tests.flows.clients import Board, eventually
from tests.stack import Stack

_TABLES = "SELECT table_id FROM stores_tabletoken WHERE token = ANY(%s)"
UNFINISHED = "SELECT handler, status, attempts, last_error FROM events_delivery WHERE status NOT IN (2, 5)"
KNOWN = "SELECT count(*) FROM events_event"

IMBALANCES = {
    "a payment and its ledger differ": (
        "SELECT p.id FROM payments_payment p LEFT JOIN payments_ledgerentry e "
        "ON e.payment_id = p.id AND e.kind = 'capture' "
        "GROUP BY p.id HAVING coalesce(sum(e.amount), 0) <> p.captured OR count(e.id) > 1"
    ),
    "a refund and its ledger differ": (
        "SELECT r.id FROM payments_refund r LEFT JOIN payments_ledgerentry e ON e.refund_id = r.id "
        "GROUP BY r.id HAVING coalesce(sum(e.amount), 0) <> "
        "CASE WHEN r.state = 'succeeded' THEN -r.amount ELSE 0 END"
    ),
    "our books and the bank's differ": (
        "SELECT p.id FROM payments_payment p JOIN sandbox_wallet_walletpayment w "
        "ON w.reference = p.merchant_ref LEFT JOIN payments_ledgerentry e ON e.payment_id = p.id "
        "AND NOT EXISTS (SELECT 1 FROM payments_refund r WHERE r.id = e.refund_id AND r.in_cash) "
        "GROUP BY p.id, w.id HAVING coalesce(sum(e.amount), 0) <> "
        "CASE WHEN w.state = 'captured' THEN w.amount ELSE 0 END - w.refunded"
    ),
}


class Truth:
    """Reads the stack's database."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        return self.stack.sql(query, *values)

    def one(self, query: str, *values: Any) -> Any:
        """The first column of the first row."""
        return self.rows(query, *values)[0][0]

    def store_id(self, slug: str) -> str:
        return str(self.one("SELECT id FROM stores_store WHERE slug = %s", slug))

    def tokens(self, slug: str) -> list[str]:
        return [
            row[0]
            for row in self.rows(
                "SELECT k.token FROM stores_tabletoken k JOIN stores_table t ON t.id = k.table_id "
                "JOIN stores_store s ON s.id = t.store_id WHERE s.slug = %s AND k.revoked_at IS NULL "
                "AND t.retired_at IS NULL ORDER BY t.position",
                slug,
            )
        ]

    def table_id(self, token: str) -> str:
        return str(self.one("SELECT table_id FROM stores_tabletoken WHERE token = %s", token))

    def clear(self, board: Board, tokens: list[str]) -> None:
        """The owner ends whatever party sits at these tables."""
        tables = [row[0] for row in self.rows(_TABLES, tokens)]
        for (tab_id,) in self.rows(
            "SELECT id FROM orders_tab WHERE closed_at IS NULL AND table_id = ANY(%s)", tables
        ):
            board.close_tab(str(tab_id), "the next test")

    def events(self, topic: str, **fields: str) -> int:
        """How many facts of this topic carry these fields."""
        known = " ".join(f"AND payload->>'{name}' = %s" for name in fields)
        query = f"SELECT id FROM events_event WHERE topic = %s {known}"
        # In a split system the listeners' databases hold copies.
        return len(set(self.rows(query, topic, *fields.values())))

    def settle(self, seconds: float = 60) -> None:
        """Waits until every fact has been handled."""

        def quiet() -> bool:
            known = self.rows(KNOWN)  # first and last: the databases are read one after another
            shipped = not self.rows("SELECT 1 FROM events_event WHERE shipped_at IS NULL")
            return shipped and not self.rows(UNFINISHED) and self.rows(KNOWN) == known

        try:
            eventually(quiet, seconds)
        except AssertionError:
            raise AssertionError(f"facts that were not handled: {self.rows(UNFINISHED)[:5]}") from None

    def kept(self, tab_id: str) -> int:
        """Money of a tab's bills that the store holds, by the ledger."""
        query = (
            "SELECT coalesce(sum(amount), 0)::bigint FROM payments_ledgerentry "
            "WHERE bill_id IN (SELECT id FROM payments_bill WHERE tab_id = %s)"
        )
        return int(self.one(query, tab_id))

    def require_balance(self) -> None:
        """Ledger, payments, refunds and the bank's own books say the same."""
        assert not (wrong := self.imbalance()), wrong

    def imbalance(self) -> str:
        """Which two books differ; "" when none do."""
        return next((what for what, query in IMBALANCES.items() if self.rows(query)), "")
