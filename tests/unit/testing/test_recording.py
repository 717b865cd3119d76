"""Which adapter jobs go to while they are recorded, and what is there afterwards."""

from __future__ import annotations

import pytest

from samovar import App, ArgumentError, Job
from samovar.job import runtime
from samovar.queue_adapters.inline import InlineAdapter
from samovar.testing import TestAdapter, recorded_jobs
from tests.support.applications import application

RAN: list[str] = []


class ReplacedJob(Job):
    def perform(self) -> None:
        RAN.append("replaced")


class ReplacedInlineJob(Job):
    queue_adapter = "inline"

    def perform(self) -> None:
        RAN.append("inline")


class ReplacedNamedTestJob(Job):
    queue_adapter = "test"

    def perform(self) -> None: ...


class _OwnAdapterBase(Job, registered=False):
    queue_adapter = TestAdapter()


class ReplacedObjectJob(_OwnAdapterBase):
    def perform(self) -> None: ...


@pytest.fixture(autouse=True)
def _nothing_ran() -> None:
    RAN.clear()


def test_classes_without_an_adapter_are_recorded_and_others_keep_theirs() -> None:
    _OwnAdapterBase.queue_adapter = own = TestAdapter()

    with recorded_jobs() as jobs:
        for cls in (ReplacedJob, ReplacedInlineJob, ReplacedNamedTestJob, ReplacedObjectJob):
            cls.perform_later()

        recorded = [entry["job"] for entry in jobs.enqueued_jobs]
        assert recorded == [ReplacedJob, ReplacedNamedTestJob]
    assert RAN == ["inline"]
    assert len(own.enqueued_jobs) == 1


def test_an_adapter_of_the_test_is_given_to_every_class() -> None:
    _OwnAdapterBase.queue_adapter = own = TestAdapter()
    adapter = TestAdapter()

    with recorded_jobs(adapter) as jobs:
        for cls in (ReplacedJob, ReplacedInlineJob, ReplacedObjectJob):
            cls.perform_later()

        assert jobs.queue_adapter is adapter
        jobs.assert_enqueued_jobs(3)
        jobs.assert_enqueued_jobs(1, only=ReplacedInlineJob)
        jobs.assert_enqueued_jobs(1, only=ReplacedObjectJob)
    assert _OwnAdapterBase.queue_adapter is own
    assert "queue_adapter" not in vars(ReplacedObjectJob)
    assert (own.enqueued_jobs, RAN) == ([], [])


def test_an_adapter_of_the_test_may_be_named() -> None:
    with recorded_jobs("inline") as jobs:
        assert isinstance(jobs.queue_adapter, InlineAdapter)
        ReplacedJob.perform_later()

    assert RAN == ["replaced"]


def test_what_is_no_adapter_is_refused() -> None:
    with pytest.raises(ArgumentError, match="queue_adapter is 7"), recorded_jobs(7):  # pyright: ignore[reportArgumentType]
        pass


def test_the_application_is_there_again_afterwards_also_after_an_error(app: App) -> None:
    with recorded_jobs():
        assert runtime.current() is not app
        with recorded_jobs():
            pass
        assert isinstance(runtime.adapter_for(None), TestAdapter)
    assert runtime.current() is app

    with pytest.raises(KeyError), recorded_jobs():
        raise KeyError
    assert runtime.current() is app


def test_jobs_are_recorded_also_when_the_test_makes_an_app_of_its_own() -> None:
    with recorded_jobs() as jobs, application(queue_adapter="inline"):
        ReplacedJob.perform_later()

        jobs.assert_enqueued_jobs(1)


def test_a_class_with_an_adapter_object_of_its_own_is_named() -> None:
    _OwnAdapterBase.queue_adapter = InlineAdapter()

    with (
        recorded_jobs() as jobs,
        pytest.raises(ArgumentError, match=r"ReplacedObjectJob\.queue_adapter is 'inline'"),
    ):
        jobs.assert_enqueued_with(job=ReplacedObjectJob)
