"""An order that jobs ship."""

from __future__ import annotations

from django.db import models


class ScenarioOrder(models.Model):
    state = models.CharField(max_length=20, default="new")

    class Meta:
        app_label = "orders"
