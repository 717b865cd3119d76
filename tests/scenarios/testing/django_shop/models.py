"""What the shop keeps in its database."""

from django.db import models


class Order(models.Model):
    is_paid = models.BooleanField(default=False)
