"""What others told us: stores, tables, codes, menus, what is sold out."""

from django.db import models


class StoreRevision(models.Model):
    """Counts what guests of a store could see change: settings, tables, menu, sold out. Caches compare it."""

    store_id = models.UUIDField(primary_key=True)
    number = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.store_id} r{self.number}"


class StoreSnapshot(models.Model):
    """A store as `store.changed` last told it."""

    store_id = models.UUIDField(primary_key=True)
    slug = models.CharField(max_length=50, db_index=True)
    version_number = models.BigIntegerField()
    data = models.JSONField()

    def __str__(self) -> str:
        return self.slug


class TableSnapshot(models.Model):
    """A table as `table.changed` last told it."""

    table_id = models.UUIDField(primary_key=True)
    store_id = models.UUIDField(db_index=True)
    version_number = models.BigIntegerField()
    data = models.JSONField()
    retired = models.BooleanField(default=False)

    def __str__(self) -> str:
        return str(self.data.get("name", self.table_id))


class TableTokenSnapshot(models.Model):
    """A code printed for a table; a revoked one stays known, so that its guest hears why it fails."""

    token = models.CharField(primary_key=True, max_length=64)
    table_id = models.UUIDField(db_index=True)
    store_id = models.UUIDField()
    revoked = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.token


class MenuSnapshot(models.Model):
    """One published menu. Old ones stay: they say what a phone with an old page meant."""

    store_id = models.UUIDField()
    version_number = models.BigIntegerField()
    document = models.JSONField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["store_id", "version_number"], name="menu_version_once"),
        ]

    def __str__(self) -> str:
        return f"menu v{self.version_number}"


class SoldOut(models.Model):
    """An item, or one of its options, that cannot be had now."""

    store_id = models.UUIDField()
    item_id = models.UUIDField()
    option_id = models.UUIDField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["store_id", "item_id", "option_id"], name="sold_out_once", nulls_distinct=False
            ),
        ]

    def __str__(self) -> str:
        return str(self.option_id or self.item_id)


class StockMark(models.Model):
    """The number in the menu's stream up to which it is known whether something is sold out."""

    store_id = models.UUIDField()
    item_id = models.UUIDField()
    option_id = models.UUIDField(null=True)
    seq = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["store_id", "item_id", "option_id"], name="stock_mark_once", nulls_distinct=False
            ),
        ]

    def __str__(self) -> str:
        return f"{self.option_id or self.item_id} #{self.seq}"
