"""JobTestCase, run by unittest; the fixture `jobs`, run by pytest."""

from __future__ import annotations

import unittest
from typing import Any

import pytest

from samovar import App, Job
from samovar.job import runtime
from samovar.job.queue_adapter import QueueAdapter
from samovar.queue_adapters.inline import InlineAdapter
from samovar.testing import JobAssertions, JobTestCase, TestAdapter


class CaseJob(Job):
    def perform(self, *args: Any) -> None: ...


class CaseInlineJob(Job):
    queue_adapter = "inline"

    def perform(self) -> None: ...


class TestWithUnittest(JobTestCase):
    def setUp(self) -> None:
        # Without super(), as so often.
        CaseJob.perform_later("from setUp")

    def test_starts_with_what_its_set_up_enqueued(self) -> None:
        self.assert_enqueued_jobs(1)
        CaseJob.perform_later()

    def test_sees_nothing_of_other_tests(self) -> None:
        self.assert_enqueued_jobs(1)
        CaseJob.perform_later()


class TestOnAnEventLoop(JobTestCase, unittest.IsolatedAsyncioTestCase):
    async def test_blocks_hold_awaits(self) -> None:
        with self.assert_enqueued_with(job=CaseJob, args=[1]) as job:
            await CaseJob.aperform_later(1)
        assert job.arguments == [1]
        assert await self.aperform_enqueued_jobs() == 1


class TestWithAnAdapterOfItsOwn(JobTestCase):
    def queue_adapter_for_test(self) -> QueueAdapter:
        return TestAdapter()

    def test_every_class_gets_it(self) -> None:
        with self.assert_enqueued_jobs(1, only=CaseInlineJob):
            CaseInlineJob.perform_later()


def _run(case: type[unittest.TestCase], method: str) -> unittest.TestResult:
    suite = unittest.TestSuite([case(method)])
    return suite.run(unittest.TestResult())


def test_a_failed_assertion_is_a_failure_for_unittest() -> None:
    class Failing(JobTestCase):
        def test_it(self) -> None:
            with self.assert_enqueued_jobs(1):
                pass

    result = _run(Failing, "test_it")

    ((_, text),) = result.failures
    assert "1 job expected, but 0 were enqueued" in text
    assert not result.errors


def test_what_is_set_up_for_a_class_is_not_enqueued_for_real(app: App) -> None:
    adapters: list[QueueAdapter] = []

    class WithClassSetUp(JobTestCase):
        @classmethod
        def setUpClass(cls) -> None:
            super().setUpClass()
            adapters.append(runtime.adapter_for(None))
            CaseJob.perform_later()

        def test_it(self) -> None:
            self.assert_no_enqueued_jobs()

    result = _run(WithClassSetUp, "test_it")

    assert result.wasSuccessful()
    assert isinstance(adapters[0], TestAdapter)
    assert runtime.current() is app


def test_debugging_a_test_records_too(app: App) -> None:
    TestWithUnittest("test_sees_nothing_of_other_tests").debug()

    assert runtime.current() is app


def test_the_fixture_gives_the_helpers(jobs: JobAssertions) -> None:
    with jobs.assert_enqueued_with(job=CaseJob, args=[1]):
        CaseJob.perform_later(1)


class TestAnOverriddenFixture:
    @pytest.fixture
    def queue_adapter_for_test(self) -> str:
        return "inline"

    def test_its_adapter_is_used(self, jobs: JobAssertions) -> None:
        assert isinstance(jobs.queue_adapter, InlineAdapter)
