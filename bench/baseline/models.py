"""The least an ordering system can store: an order, its lines, an outbox row."""

from django.db import models


class BareOrder(models.Model):
    tab = models.UUIDField()
    total = models.IntegerField()
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return str(self.pk)


class BareLine(models.Model):
    order = models.ForeignKey(BareOrder, on_delete=models.CASCADE)
    item = models.UUIDField()
    name = models.CharField(max_length=80)
    quantity = models.IntegerField()
    unit_price = models.IntegerField()

    def __str__(self) -> str:
        return self.name


class BareOutbox(models.Model):
    topic = models.CharField(max_length=80)
    payload = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.topic
