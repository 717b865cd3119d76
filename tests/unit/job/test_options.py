"""Options that are of no use are refused where they are given, by their name and value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samovar import ArgumentError, Job
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
