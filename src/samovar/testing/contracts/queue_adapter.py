"""The suite of queue adapters: what `samovar.job.queue_adapter.QueueAdapter` promises."""

from __future__ import annotations

import time
from typing import Any

import pytest

from samovar.errors import EnqueueError, SchedulingNotSupportedError
from samovar.job.job import Job
from samovar.job.job_data import EnqueueRequest, Receipt
from samovar.job.queue_adapter import QueueAdapter


class ContractJob(Job):
    """Does nothing."""

    def perform(self, *arguments: Any) -> None:
        pass


class QueueAdapterContract:
    """Subclass it in a test file, and let a fixture `adapter` give the adapter to be tested. Jobs
    go to the queue "default".
    """

    @pytest.fixture
    def adapter(self) -> QueueAdapter:
        raise NotImplementedError("Override the fixture `adapter` to return the adapter to test.")

    def test_it_is_a_queue_adapter(self, adapter: QueueAdapter) -> None:
        assert isinstance(adapter, QueueAdapter)

    def test_a_job_is_answered_with_a_receipt(self, adapter: QueueAdapter) -> None:
        receipt = adapter.enqueue(EnqueueRequest(ContractJob(1).serialize()))

        assert isinstance(receipt, Receipt)
        assert receipt.refusal is None

    def test_several_jobs_are_answered_each_in_order(self, adapter: QueueAdapter) -> None:
        requests = [EnqueueRequest(ContractJob(number).serialize()) for number in range(5)]

        receipts = adapter.enqueue_all(requests)

        assert [receipt.refusal for receipt in receipts] == [None] * 5
        assert adapter.enqueue_all([]) == []

    def test_a_job_for_later_is_taken_or_refused_by_the_right_error(
        self, adapter: QueueAdapter
    ) -> None:
        job = ContractJob(1)
        request = EnqueueRequest(job.serialize(), due_ns=time.time_ns() + 3600 * 10**9)
        try:
            receipt = adapter.enqueue(request)
        except (SchedulingNotSupportedError, EnqueueError):
            return
        assert receipt.refusal is None

    def test_no_job_is_asked_to_stop_while_nothing_ends(self, adapter: QueueAdapter) -> None:
        assert not adapter.stopping()
        assert not adapter.stopping(ContractJob(1))

    def test_closing_leaves_no_job_behind(self, adapter: QueueAdapter) -> None:
        adapter.enqueue(EnqueueRequest(ContractJob(1).serialize()))

        assert adapter.close(30) == 0
        assert adapter.close(30) == 0
