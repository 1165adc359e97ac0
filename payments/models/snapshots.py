"""What payments remembers of other contexts."""

from typing import Any

from django.db import models


class StoreSnapshot(models.Model):
    """A store as its last event told it; `data` is that event's snapshot."""

    store_id = models.UUIDField(primary_key=True)
    version_number = models.PositiveBigIntegerField()
    data = models.JSONField(default=dict)

    def __str__(self) -> str:
        return str(self.data.get("name", self.store_id))

    @property
    def language(self) -> str:
        return str(self.data.get("language", "en"))

    @property
    def names(self) -> dict[str, Any]:
        """The row that `localized` reads."""
        return {"language": self.language, "name": self.data.get("name", ""), "i18n": self.data.get("i18n")}


class TabSnapshot(models.Model):
    """Where a tab went: moved, joined into another one, closed."""

    tab_id = models.UUIDField(primary_key=True)
    store_id = models.UUIDField()
    table_id = models.UUIDField(null=True)
    table_name = models.CharField(max_length=20, blank=True)
    table_token = models.CharField(max_length=24, blank=True)
    moved_seq = models.BigIntegerField(default=0)
    merged_into = models.UUIDField(null=True, db_index=True)
    closed_at = models.DateTimeField(null=True)
    close_reason = models.CharField(max_length=200, default="", db_default="")

    def __str__(self) -> str:
        return f"{self.table_name} {self.tab_id}"

    @property
    def has_left(self) -> bool:
        """Whether the party is gone, and not only to another tab."""
        return self.closed_at is not None and self.merged_into is None

    @property
    def place(self) -> dict[str, Any]:
        """Where the party sits; empty while only facts about others told of it."""
        fields = ("table_id", "table_name", "table_token")
        return {name: getattr(self, name) for name in fields} if self.table_id else {}
