"""The shop's jobs."""

from django_shop.models import Order
from samovar import Job


class DjangoPaymentJob(Job):
    queue_as = "payments"

    def perform(self, order_id: int, method: str) -> None:
        Order.objects.filter(pk=order_id).update(is_paid=True)
        DjangoReceiptJob.set(wait=3600).perform_later(order_id)


class DjangoReceiptJob(Job):
    def perform(self, order_id: int) -> None: ...
