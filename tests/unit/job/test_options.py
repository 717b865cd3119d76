"""Options that are of no use are refused where they are given, by their name and value."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samovar import ArgumentError, Job, job, perform_all_later
from samovar.types import Timestamp
from tests.support.applications import Recording

#: What is no queue's name; the last two are strings that cannot be written as UTF-8.
NO_NAMES = [5, 2.5, True, b"mail", ["mail"], "mail\ud800", "\udcff"]


class OptionsJob(Job):
    queue_as = "given"

    def perform(self) -> None: ...


class OptionsChoosingJob(Job):
    chosen: Any = None

    def choose_queue(self) -> str:
        return self.chosen

    def perform(self) -> None: ...


GIVES: list[Callable[[Any], object]] = [
    lambda queue: OptionsJob.set(queue=queue).perform_later(),
    lambda queue: OptionsJob().set(queue=queue),
    lambda queue: OptionsJob().enqueue(queue=queue),
    lambda queue: OptionsJob.perform_bulk([{"queue": queue}]),
]


@pytest.mark.parametrize("queue", NO_NAMES, ids=repr)
@pytest.mark.parametrize("give", GIVES, ids=["set", "job.set", "enqueue", "bulk"])
def test_a_queue_that_is_no_name_is_refused_with_its_value(
    recording: Recording, give: Callable[[Any], object], queue: Any
) -> None:
    with pytest.raises(ArgumentError) as refused:
        give(queue)

    assert str(refused.value) == f"queue is {queue!r}; expected the name of a queue, as text."
    assert not recording.requests


@pytest.mark.parametrize("queue", NO_NAMES, ids=repr)
def test_a_class_whose_queue_is_no_name_is_refused_when_it_is_made(queue: Any) -> None:
    with pytest.raises(ArgumentError) as refused:
        type("OptionsRefusedJob", (Job,), {"queue_as": queue})

    assert "OptionsRefusedJob.queue_as is " + repr(queue) in str(refused.value)


@pytest.mark.parametrize("queue", NO_NAMES, ids=repr)
def test_a_chosen_queue_that_is_no_name_is_refused_with_its_class(
    recording: Recording, monkeypatch: pytest.MonkeyPatch, queue: Any
) -> None:
    monkeypatch.setattr(OptionsChoosingJob, "chosen", queue)

    with pytest.raises(ArgumentError) as refused:
        OptionsChoosingJob.perform_later()

    assert "OptionsChoosingJob.choose_queue() is " + repr(queue) in str(refused.value)
    assert not recording.requests


@pytest.mark.usefixtures("recording")
@given(queue=st.text(min_size=1))
def test_any_text_may_be_the_name_of_a_queue(queue: str) -> None:
    assert OptionsJob().set(queue=queue).queue_name == queue


@pytest.mark.usefixtures("recording")
@pytest.mark.parametrize(
    ("option", "meant"),
    [("queu", "queue"), ("wait_untill", "wait_until"), ("Priority", "priority")],
)
def test_a_misspelt_option_is_refused_at_once_with_the_one_that_was_meant(
    option: str, meant: str
) -> None:
    doors: list[Any] = [OptionsJob, OptionsJob()]
    for door in doors:
        with pytest.raises(TypeError) as refused:
            door.set(**{option: 1})

        assert str(refused.value) == (
            f"OptionsJob.set() got an unexpected keyword argument {option!r}; did you mean "
            f"{meant!r}? Expected wait, wait_until, queue, priority."
        )


def test_an_option_like_no_other_is_refused_without_a_guess() -> None:
    with pytest.raises(TypeError) as refused:
        OptionsJob.set(zebra=1)  # type: ignore[call-arg]

    assert str(refused.value) == (
        "OptionsJob.set() got an unexpected keyword argument 'zebra'; "
        "expected wait, wait_until, queue, priority."
    )


@pytest.mark.parametrize("priority", ["high", float("nan"), float("inf"), [1]], ids=repr)
def test_a_priority_that_is_no_number_is_refused_with_its_value(
    recording: Recording, priority: Any
) -> None:
    for give in (
        lambda: OptionsJob.set(priority=priority).perform_later(),
        lambda: OptionsJob().set(priority=priority),
    ):
        with pytest.raises(ArgumentError) as refused:
            give()
        assert str(refused.value) == f"priority is {priority!r}; expected a whole number."
    assert not recording.requests


@pytest.mark.usefixtures("recording")
@pytest.mark.parametrize("wait", [float("nan"), float("inf"), float("-inf"), True, "5"], ids=repr)
def test_a_wait_that_is_no_time_is_refused_with_its_value(wait: Any) -> None:
    with pytest.raises(ArgumentError) as refused:
        OptionsJob.set(wait=wait).perform_later()

    assert str(refused.value) == f"wait is {wait!r}; expected seconds or a timedelta."


@job
def options_function() -> None: ...


@pytest.mark.parametrize(
    ("given", "advice"),
    [
        (OptionsJob, r"the class OptionsJob; call it: OptionsJob\(\.\.\.\)"),
        ([OptionsJob], r"the class OptionsJob; call it"),
        (OptionsJob.set(wait=5), r"a class with options; make the job first"),
        ([OptionsJob.set(wait=5)], r"a class with options; make the job first"),
        (options_function, r"<job 'options_function'>; pass .*my_function\.new\(1\)"),
        (5, r"5;"),
        ("text", r"'t';"),
        ([None], r"None;"),
    ],
)
def test_what_is_no_job_is_refused_before_anything_is_enqueued(
    recording: Recording, given: Any, advice: str
) -> None:
    with pytest.raises(ArgumentError, match=f"perform_all_later takes jobs, found {advice}"):
        perform_all_later(OptionsJob(), given)
    assert not recording.requests


def test_verbs_of_a_job_take_no_arguments_for_it_has_its_own(recording: Recording) -> None:
    made: Any = OptionsJob()
    for verb in ("perform_later", "perform_now"):
        with pytest.raises(TypeError, match=rf"^{verb}\(\) of a OptionsJob .* OptionsJob\.{verb}"):
            getattr(made, verb)(1)
    for verb in ("aperform_later", "aperform_now"):
        with pytest.raises(TypeError, match=rf"^{verb}\(\) of a OptionsJob"):
            asyncio.run(getattr(made, verb)(key=1))
    assert not recording.requests
    assert made.executions == 0


def test_the_nanoseconds_of_a_time_are_kept(recording: Recording) -> None:
    moment = Timestamp(2099, 1, 1, 0, 0, 0, 123456, tzinfo=UTC, nanosecond=789)

    OptionsJob.set(wait_until=moment).perform_later()
    job = OptionsJob()
    job.scheduled_at = moment
    job.enqueue()

    for request in recording.requests:
        assert request.data["scheduled_at"] == "2099-01-01T00:00:00.123456789Z"
        assert request.due_ns is not None
        assert request.due_ns % 1000 == 789
