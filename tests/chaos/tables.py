"""The tables of the stack under chaos, one database or one per context: read, and now and then disturbed."""

from typing import Any

import psycopg

CONTEXTS = ("stores", "menus", "orders", "payments", "notifications")
Row = tuple[Any, ...]

# Of facts that were there at `moment`, what is not handled yet.
_OPEN = """
SELECT (SELECT count(*) FROM events_delivery d JOIN events_event e ON e.id = d.event_id
        WHERE d.status NOT IN (2, 5) AND e.occurred_at <= coalesce(%(moment)s, e.occurred_at))
     + (SELECT count(*) FROM events_event
        WHERE shipped_at IS NULL AND occurred_at <= coalesce(%(moment)s, occurred_at))
"""


class Tables:
    """Asks the databases directly; a connection that broke is opened again."""

    def __init__(self, env: dict[str, str]) -> None:
        self.urls = {
            name: env.get(f"{name.upper()}_DATABASE_URL") or env["DATABASE_URL"] for name in CONTEXTS
        }
        self.databases = list(dict.fromkeys([env["DATABASE_URL"], *self.urls.values()]))
        self.connections: dict[str, psycopg.Connection[Row]] = {}

    def rows(self, context: str, query: str, *values: Any) -> list[Row]:
        """Rows of a query over the context's own database. Raises psycopg.Error while it is away."""
        return self._ask(self.urls[context], query, values)

    def one(self, context: str, query: str, *values: Any) -> Any:
        return self.rows(context, query, *values)[0][0]

    def everywhere(self, query: str, *values: Any) -> list[Row]:
        """Rows of a query over every database."""
        return [row for url in self.databases for row in self._ask(url, query, values)]

    def _ask(self, url: str, query: str, values: Any) -> list[Row]:
        connection = self.connections.get(url)
        if connection is None or connection.closed or connection.broken:
            connection = psycopg.connect(url, autocommit=True, connect_timeout=3)
            self.connections[url] = connection
        cursor = connection.execute(query, values or None)  # type: ignore[arg-type]
        return cursor.fetchall() if cursor.description else []

    def now(self) -> Any:
        return self._ask(self.databases[0], "SELECT clock_timestamp()", ())[0][0]

    def unfinished(self, moment: Any = None) -> int:
        """How many deliveries, and facts to be shipped, are not done, of facts until `moment`."""
        query = _OPEN.replace("%(moment)s", "%s::timestamptz")
        return sum(row[0] for row in self.everywhere(query, moment, moment))

    def done(self) -> int:
        return sum(row[0] for row in self.everywhere("SELECT count(*) FROM events_delivery WHERE status = 2"))

    def waiting(self, handler: str) -> int:
        """Deliveries of this handler that nobody has taken yet."""
        query = "SELECT count(*) FROM events_delivery WHERE handler = %s AND status = 0"
        return sum(row[0] for row in self.everywhere(query, handler))

    def stuck(self) -> list[Row]:
        """The first few unfinished deliveries, for a message."""
        return self.everywhere(
            "SELECT handler, status, attempts, due_at - clock_timestamp(), left(last_error, 200) "
            "FROM events_delivery WHERE status NOT IN (2, 5) ORDER BY id LIMIT 8"
        )

    def close(self) -> None:
        for connection in self.connections.values():
            connection.close()
