"""A retry carries a job as it was enqueued, whatever the failed run did to what it was given."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from samovar import Continuable, CurrentAttributes, Job, Step, retry_on, serializer
from samovar.job import current_attributes, execution
from samovar.job.job_data import dumps, loads
from samovar.job.state import JobState
from tests.support.applications import Recording


class BasketError(Exception):
    pass


class Basket:
    def __init__(self, fruits: list[str]) -> None:
        self.fruits = fruits


@serializer("BasketSerializer", Basket)
class BasketSerializer:
    def serialize(self, value: Basket) -> dict[str, Any]:
        return {"fruits": value.fruits}

    def deserialize(self, data: dict[str, Any]) -> Basket:
        return Basket(data["fruits"])


class RetryCurrent(CurrentAttributes):
    user: str | None = None
    tags: Any = None


@pytest.fixture
def current() -> Iterator[type[RetryCurrent]]:
    before = list(current_attributes.persisted)
    current_attributes.persisted[:] = []
    current_attributes.persist(RetryCurrent)
    RetryCurrent.reset()
    yield RetryCurrent
    RetryCurrent.reset()
    current_attributes.persisted[:] = before


@retry_on(BasketError, wait=0)
class EmptyingJob(Job):
    def perform(self, items: list[int], *, basket: Any = None, **options: list[int]) -> None:
        items.pop()
        for values in options.values():
            values.clear()
        if basket is not None:
            basket.fruits.clear()
        RetryCurrent.user = "somebody else"
        raise BasketError


def travelled(recording: Recording) -> dict[str, Any]:
    return loads(dumps(recording.requests[-1].data))


def run_again(recording: Recording) -> dict[str, Any]:
    """Perform the last job as a worker would, from its bytes; what the retry carries."""
    raw = dumps(recording.requests[-1].data)
    execution.deliver(JobState.from_payload(raw), loads(raw))
    return travelled(recording)


@pytest.mark.parametrize("from_bytes", [True, False], ids=["bytes", "hash"])
def test_it_has_the_arguments_as_enqueued(recording: Recording, from_bytes: bool) -> None:
    EmptyingJob.perform_later([1, 2, 3], basket=Basket(["fig"]), pages=[7])
    first = travelled(recording)["arguments"]

    for _ in range(3):
        raw = dumps(recording.requests[-1].data)
        job = JobState.from_payload(raw) if from_bytes else Job.deserialize(loads(raw))
        assert isinstance(job.perform_now(), BasketError)  # type: ignore[attr-defined]

        assert travelled(recording)["arguments"] == first


def test_a_retry_by_hand_has_them_too(recording: Recording) -> None:
    class HandRetriedJob(Job):
        def perform(self, items: list[int]) -> None:
            items.clear()
            self.retry_job(wait=5)

    HandRetriedJob.perform_later([1, 2])

    assert run_again(recording)["arguments"] == [[1, 2]]


def test_what_perform_assigned_is_carried(recording: Recording) -> None:
    @retry_on(BasketError, wait=0)
    class AssigningJob(Job):
        def perform(self, items: list[int], *, left: list[int]) -> None:
            left.clear()
            self.arguments = [items[1:]]
            raise BasketError

    AssigningJob.perform_later([1, 2], left=[9])

    again = Job.deserialize(run_again(recording))
    assert again.arguments == [[2]]
    assert again.keyword_arguments == {"left": [9]}


def test_assigned_keywords_leave_the_arguments_as_enqueued(recording: Recording) -> None:
    @retry_on(BasketError, wait=0)
    class KeywordAssigningJob(Job):
        def perform(self, items: list[int], *, left: int) -> None:
            items.clear()
            self.keyword_arguments = {"left": left - 1}
            raise BasketError

    KeywordAssigningJob.perform_later([1, 2], left=9)

    again = Job.deserialize(run_again(recording))
    assert again.arguments == [[1, 2]]
    assert again.keyword_arguments == {"left": 8}


def test_it_has_the_current_attributes_as_enqueued(
    recording: Recording, current: type[RetryCurrent]
) -> None:
    with current.set(user="ada", tags=["a"]):
        EmptyingJob.perform_later([1, 2, 3])

    assert run_again(recording)["cattr_0"] == {"user": "ada", "tags": ["a"]}
    assert run_again(recording)["cattr_0"] == {"user": "ada", "tags": ["a"]}


def test_it_gains_no_current_attributes(recording: Recording, current: type[RetryCurrent]) -> None:
    EmptyingJob.perform_later([1, 2, 3])

    assert "cattr_0" not in run_again(recording)


def test_a_worker_that_persists_nothing_passes_them_on(
    recording: Recording, current: type[RetryCurrent]
) -> None:
    with current.set(user="ada"):
        EmptyingJob.perform_later([1, 2, 3])
    current_attributes.persisted.clear()

    raw = dumps(recording.requests[-1].data)
    JobState.from_payload(raw).perform_now()  # type: ignore[attr-defined]

    assert travelled(recording)["cattr_0"] == {"user": "ada"}


def test_a_cursor_goes_as_it_was_set(recording: Recording) -> None:
    @retry_on(BasketError, wait=0)
    class CursorChangingJob(Continuable, Job):
        resume_options = {"wait": 0}  # noqa: RUF012

        def perform(self) -> None:
            @self.step(start=[0])
            def items(step: Step) -> None:
                if step.cursor == [0]:
                    step.set([0, 1])
                step.cursor.append("never set")
                raise BasketError

    CursorChangingJob.perform_later()

    assert run_again(recording)["continuation"]["current"] == ["items", [0, 1]]
    assert run_again(recording)["continuation"]["current"] == ["items", [0, 1]]


def test_a_start_that_was_changed_in_place_is_no_progress(recording: Recording) -> None:
    @retry_on(BasketError, wait=0)
    class StartChangingJob(Continuable, Job):
        resume_options = {"wait": 0}  # noqa: RUF012

        def perform(self) -> None:
            @self.step(start=[0])
            def items(step: Step) -> None:
                step.cursor.append(1)
                raise BasketError

    StartChangingJob.perform_later()

    assert run_again(recording)["continuation"]["current"] == ["items", [0]]
    assert recording.requests[-1].data["exception_executions"] == {"[BasketError]": 1}
