"""The helpers for unittest, and for everything that is built on it."""

from __future__ import annotations

import unittest

from samovar.job.queue_adapter import QueueAdapter
from samovar.testing.assertions import JobAssertions
from samovar.testing.recording import recorded_jobs


class JobTestCase(JobAssertions, unittest.TestCase):
    """Records the jobs of each test, and asserts things of them.

        class TestCheckout(JobTestCase):
            def test_payment_is_queued(self):
                with self.assert_enqueued_with(job=ProcessPaymentJob, args=[1, "card"]):
                    checkout(order)

    Goes together with other test cases, and stands before them:
    ``class TestCheckout(JobTestCase, django.test.TestCase)``, or with
    ``unittest.IsolatedAsyncioTestCase``.
    """

    def queue_adapter_for_test(self) -> QueueAdapter | str | None:
        """Override to give every job class another adapter, by name or as an object."""
        return None

    @classmethod
    def setUpClass(cls) -> None:
        # What is made for all tests of the class may enqueue too: not to the real adapter.
        cls.enterClassContext(recorded_jobs())
        super().setUpClass()

    def run(self, result: unittest.TestResult | None = None) -> unittest.TestResult | None:
        # Not in setUp: those who override that often forget to call this one's.
        with recorded_jobs(self.queue_adapter_for_test()):
            return super().run(result)

    def debug(self) -> None:
        with recorded_jobs(self.queue_adapter_for_test()):
            super().debug()
