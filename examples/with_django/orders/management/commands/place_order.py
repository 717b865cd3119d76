"""What a view would do, too: python manage.py place_order"""

from __future__ import annotations

from django.core.management import BaseCommand
from django.db import transaction

from orders.jobs import ShipOrderJob
from orders.models import Order


class Command(BaseCommand):
    def handle(self, *args: object, **options: object) -> None:
        with transaction.atomic():
            order = Order.objects.create()
            ShipOrderJob.perform_later(order)  # enqueued when the block has committed
