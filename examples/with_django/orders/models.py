"""What the shop sells by."""

from __future__ import annotations

from django.db import models


class Order(models.Model):
    state: models.CharField[str, str] = models.CharField(max_length=20, default="new")

    def ship(self) -> None:
        self.state = "shipped"
        self.save()
