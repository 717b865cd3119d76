"""The shop's own tests; Django's runner runs them."""

import django.test

from django_shop.jobs import DjangoPaymentJob, DjangoReceiptJob
from django_shop.models import Order
from samovar.testing import JobTestCase


class CheckoutTest(JobTestCase, django.test.TestCase):
    first: Order

    @classmethod
    def setUpTestData(cls) -> None:
        cls.first = Order.objects.create()
        DjangoReceiptJob.perform_later(cls.first.pk)  # goes nowhere

    def test_a_checkout_enqueues_the_payment(self) -> None:
        with self.assert_enqueued_with(job=DjangoPaymentJob, queue="payments") as job:
            response = self.client.post("/checkout")

        assert response.status_code == 202
        assert job.arguments == [int(response.content), "card"]
        self.assert_enqueued_jobs(1)

    def test_the_payment_is_performed_in_the_tests_transaction(self) -> None:
        with self.assert_performed_jobs(1, only=DjangoPaymentJob):
            response = self.client.post("/checkout")

        assert Order.objects.get(pk=int(response.content)).is_paid
        assert not Order.objects.get(pk=self.first.pk).is_paid
        self.assert_enqueued_with(job=DjangoReceiptJob, args=[int(response.content)])

    async def test_a_checkout_on_a_loop_enqueues_the_payment(self) -> None:
        with self.assert_enqueued_with(job=DjangoPaymentJob):
            await self.async_client.post("/acheckout")
