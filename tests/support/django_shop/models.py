"""Models with keys of every kind."""

from __future__ import annotations

import uuid

from django.db import models


class Order(models.Model):
    title = models.CharField(max_length=50)


class Invoice(models.Model):
    """Its key is made before it is saved."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)


class Country(models.Model):
    """Bears the name that it has in Ruby."""

    job_model_name = "Geo::Country"

    code = models.CharField(max_length=9, primary_key=True)


class HiddenManager(models.Manager["Parcel"]):
    def get_queryset(self) -> models.QuerySet[Parcel]:
        return super().get_queryset().filter(is_deleted=False)


class Parcel(models.Model):
    """Its default manager leaves some out."""

    is_deleted = models.BooleanField(default=False)
    objects = HiddenManager()


class ExpressParcel(Parcel):
    """Its key is another model's."""


class PricedOrder(Order):
    class Meta:
        proxy = True


class Line(models.Model):
    """Its key has two parts."""

    pk = models.CompositePrimaryKey("order_id", "number")
    order = models.ForeignKey(Order, on_delete=models.CASCADE)
    number = models.IntegerField()


class Renamed(models.Model):
    """Bears the name that the settings give it."""
