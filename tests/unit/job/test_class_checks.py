"""What a job class says is looked at when it is made, or at the latest when it is used first."""

from __future__ import annotations

import copy
import warnings
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samovar import ArgumentError, Attributes, Continuable, Job, attribute
from tests.support.applications import Recording

pytestmark = pytest.mark.usefixtures("recording")


def make(name: str, /, **body: Any) -> Any:
    """A job class whose statement would hold these names."""
    return type(name, (Job,), {"perform": lambda self: None, **body})


@pytest.mark.parametrize("priority", ["high", "5", 2.5, True, [1]], ids=repr)
def test_a_priority_that_is_no_whole_number_is_refused(priority: object) -> None:
    with pytest.raises(ArgumentError) as refused:
        make("ClassCheckPriorityJob", priority=priority)

    assert str(refused.value) == (
        f"ClassCheckPriorityJob.priority is {priority!r}; expected a whole number or None."
    )


@pytest.mark.parametrize("priority", [None, 0, -5, 10**6])
def test_whole_numbers_and_none_are_priorities(priority: int | None) -> None:
    assert make("ClassCheckGoodPriorityJob", priority=priority).priority == priority


def test_a_perform_that_is_a_generator_function_is_refused() -> None:
    with pytest.raises(ArgumentError, match=r"ClassCheckYieldJob\.perform has a yield"):

        class ClassCheckYieldJob(Job):
            def perform(self) -> Any:
                yield 1

    with pytest.raises(ArgumentError, match=r"ClassCheckAsyncYieldJob\.perform has a yield"):

        class ClassCheckAsyncYieldJob(Job):
            async def perform(self) -> Any:
                yield 1


class TestSlips:
    @pytest.mark.parametrize(
        ("name", "value", "meant"),
        [
            ("queue", "mail", "queue_as"),
            ("queue_name", "mail", "queue_as"),
            ("queues_as", "mail", "queue_as"),
            ("priorty", 5, "priority"),
            ("queue_adaptor", "inline", "queue_adapter"),
            ("log_argument", False, "log_arguments"),
        ],
    )
    def test_a_name_nearly_like_one_of_ours_is_pointed_out(
        self, name: str, value: object, meant: str
    ) -> None:
        with pytest.warns(UserWarning, match=f"did you mean {meant}") as told:
            make("ClassCheckSlipJob", **{name: value})

        assert [warning.filename for warning in told] == [__file__]
        assert f"ClassCheckSlipJob.{name} = {value!r} says nothing" in str(told[0].message)

    @pytest.mark.parametrize(
        "body",
        [
            {"queue": "https://elsewhere", "queue_as": "mail"},
            {"queue": []},
            {"queue": None},
            {"queue": 3},
            {"priorities": "low,high", "job_title": "cook", "jobs": 3, "retry": 5, "name": "x"},
            {"queue_size": 5, "queue_url": "x", "adapter": "pg", "log_level": 10, "attempts": 2},
            {"_queue": "mail", "_priority": 5},
        ],
        ids=str,
    )
    def test_attributes_of_ones_own_are_nobodys_business(self, body: dict[str, Any]) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            make("ClassCheckOwnJob", **body)


class TestOwnInit:
    def test_one_that_leaves_out_ours_is_told_at_the_first_use(self, recording: Recording) -> None:
        class ClassCheckForgetfulJob(Job):
            def __init__(self, name: str) -> None:
                self.name = name

            def perform(self, name: str) -> None: ...

        for verb in ("perform_later", "perform_now"):
            with pytest.raises(ArgumentError) as told:
                getattr(ClassCheckForgetfulJob, verb)("ann")
            assert "ClassCheckForgetfulJob.__init__ does not call super().__init__" in str(
                told.value
            )
        assert recording.requests == []

    def test_one_that_calls_ours_is_fine(self, recording: Recording) -> None:
        class ClassCheckPoliteJob(Job):
            def __init__(self, name: str) -> None:
                super().__init__(name)

            def perform(self, name: str) -> str:
                return name

        assert ClassCheckPoliteJob.perform_now("ann") == "ann"
        assert ClassCheckPoliteJob.perform_later("ann")
        assert copy.copy(ClassCheckPoliteJob("ann")).arguments == ["ann"]


class TestSteps:
    def test_a_plain_job_that_takes_a_step_is_told_what_to_inherit(self) -> None:
        class ClassCheckStepJob(Job):
            def perform(self) -> None:
                self.step(print)  # type: ignore[attr-defined]

        with pytest.raises(AttributeError, match=r"ClassCheckStepJob.*samovar\.Continuable"):
            ClassCheckStepJob.perform_now()
        assert not hasattr(ClassCheckStepJob, "step")
        assert not hasattr(ClassCheckStepJob(), "step")

    def test_the_order_of_the_parents_does_not_matter(self) -> None:
        seen: list[str] = []

        class ClassCheckLateContinuableJob(Job, Continuable):
            def perform(self) -> None:
                self.step(lambda: seen.append("step"), name="only")

        ClassCheckLateContinuableJob.perform_now()
        assert seen == ["step"]

    def test_the_name_stays_free_for_users(self) -> None:
        class ClassCheckStepwiseJob(Attributes, Job):
            step: int = attribute(default=3)

            def perform(self) -> int:
                self.step += 1
                return self.step

        class ClassCheckInstanceStepJob(Job):
            def perform(self) -> int:
                self.step = 5
                return self.step

        assert ClassCheckStepwiseJob.perform_now() == 4
        assert ClassCheckInstanceStepJob.perform_now() == 5


@given(name=st.from_regex(r"[a-z]{1,6}_(ids?|url|size|path|limit|key)", fullmatch=True))
def test_ordinary_names_are_never_taken_for_slips(name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        make("ClassCheckOrdinaryJob", **{name: "value"})
