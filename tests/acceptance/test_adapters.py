"""Choosing an adapter, and those that need no backend; the numbers are of the acceptance list."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from samovar import ArgumentError, ConfigurationError, Job, SchedulingNotSupportedError, retry_on
from samovar.engine.enqueuing.adapter import LogAdapter
from samovar.job import runtime
from samovar.queue_adapters.async_pool import AsyncAdapter
from tests.support.applications import Recording, application
from tests.support.listening import heard


class AdapterParentJob(Job):
    def perform(self, *args: Any) -> None: ...


class AdapterChildJob(AdapterParentJob):
    pass


class AdapterSiblingJob(AdapterParentJob):
    pass


class AdapterNotingJob(Job):
    """Notes what it is given, and where it runs."""

    seen: list[tuple[Any, str]]

    def perform(self, items: list[int], fails: bool = False) -> None:
        self.seen.append((items, threading.current_thread().name))
        items.append(0)
        if fails:
            raise LookupError


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    AdapterNotingJob.seen = []
    with application(queue_adapter="inline"):
        yield


def adapter_of(job_class: type[Job]) -> Any:
    return runtime.adapter_for(job_class.queue_adapter)


class TestChoice:
    def test_88_a_subclass_has_an_adapter_of_its_own(self, monkeypatch: pytest.MonkeyPatch) -> None:
        own = Recording()
        monkeypatch.setattr(AdapterChildJob, "queue_adapter", own)

        assert adapter_of(AdapterChildJob) is own
        assert adapter_of(AdapterParentJob).name == "inline"
        assert adapter_of(AdapterSiblingJob).name == "inline"

    def test_88_a_change_of_the_parent_is_seen_by_those_without_their_own(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        own, parents = Recording(), Recording()
        monkeypatch.setattr(AdapterChildJob, "queue_adapter", own)
        monkeypatch.setattr(AdapterParentJob, "queue_adapter", parents)

        AdapterChildJob.perform_later(1)
        AdapterSiblingJob.perform_later(2)

        assert [request.data["arguments"] for request in own.requests] == [[1]]
        assert [request.data["arguments"] for request in parents.requests] == [[2]]

    def test_88_an_adapter_is_chosen_by_name_and_made_once(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(AdapterChildJob, "queue_adapter", "async")

        assert adapter_of(AdapterChildJob) is adapter_of(AdapterChildJob)
        assert adapter_of(AdapterChildJob).name == "async"

    @pytest.mark.parametrize("nonsense", [5, object(), [], AdapterParentJob])
    def test_88_nonsense_is_refused(self, monkeypatch: pytest.MonkeyPatch, nonsense: Any) -> None:
        monkeypatch.setattr(AdapterChildJob, "queue_adapter", nonsense)

        with pytest.raises(ArgumentError, match="queue_adapter is"):
            AdapterChildJob.perform_later()

    def test_88_a_name_that_there_is_none_of_is_refused(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(AdapterChildJob, "queue_adapter", "carrier_pigeon")

        with pytest.raises(ConfigurationError, match="carrier_pigeon"):
            AdapterChildJob.perform_later()

    def test_88_without_a_choice_it_is_the_embedded_log(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.chdir(tmp_path)
        monkeypatch.delenv("SAMOVAR_QUEUE_ADAPTER", raising=False)
        with application() as app:
            assert app.settings.queue_adapter == "embedded"
            assert isinstance(adapter_of(AdapterParentJob), LogAdapter)


class TestAsync:
    @pytest.mark.parametrize("options", [{}, {"wait": 3600}])
    def test_89_immediately_a_job_runs_here_and_at_once(
        self, monkeypatch: pytest.MonkeyPatch, options: dict[str, Any]
    ) -> None:
        monkeypatch.setattr(AdapterNotingJob, "queue_adapter", AsyncAdapter(immediate=True))
        items: list[int] = []

        job = AdapterNotingJob.set(**options).perform_later(items)

        assert job
        assert job.provider_job_id
        assert AdapterNotingJob.seen == [([0], threading.current_thread().name)]
        assert items == []

    def test_89_immediately_too_an_error_is_told_and_not_raised(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(AdapterNotingJob, "queue_adapter", AsyncAdapter(immediate=True))

        with heard("job.unhandled") as told:
            assert AdapterNotingJob.perform_later([], fails=True)

        assert [type(event.payload["error"]) for event in told] == [LookupError]


class TestInline:
    def test_90_it_performs_in_the_caller_after_a_full_round_trip(self) -> None:
        items: list[int] = []

        assert AdapterNotingJob.perform_later(items)

        assert AdapterNotingJob.seen == [([0], threading.current_thread().name)]
        assert items == []

    def test_90_errors_reach_the_caller(self) -> None:
        with pytest.raises(LookupError):
            AdapterNotingJob.perform_later([], fails=True)

    @pytest.mark.parametrize("wait", [0, 60])
    def test_90_it_cannot_wait(self, wait: int) -> None:
        with pytest.raises(NotImplementedError):
            AdapterNotingJob.set(wait=wait).perform_later([])
        assert AdapterNotingJob.seen == []

    def test_90_so_it_cannot_retry(self) -> None:
        @retry_on(LookupError, wait=0)
        class AdapterRetriedJob(AdapterNotingJob):
            pass

        with pytest.raises(SchedulingNotSupportedError):
            AdapterRetriedJob.perform_later([], fails=True)
