"""What a step may be, and what it is given."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from samovar import ArgumentError, Continuable, InvalidStepError, Job, Step

done: list[Any] = []

pytestmark = pytest.mark.usefixtures("adapter")


@pytest.fixture(autouse=True)
def nothing_done() -> None:
    done.clear()


class SteppingJob(Continuable, Job):
    """Its steps are methods of all forms."""

    def perform(self) -> None: ...

    def plain(self) -> None:
        done.append("plain")

    def with_step(self, step: Step) -> None:
        done.append(step.name)

    def perhaps_with_step(self, step: Step | None = None) -> None:
        done.append(step and step.name)

    def with_all(self, *steps: Step) -> None:
        done.append(steps[0].name)

    def _private(self) -> None:
        done.append("private")

    def with_two(self, step: Step, other: int) -> None: ...

    def with_keyword(self, step: Step, *, other: int = 1) -> None: ...

    def yielding(self) -> Any:
        yield


def test_a_method_is_given_the_step_if_it_takes_it() -> None:
    job = SteppingJob()

    job.step(job.plain)
    job.step(job.with_step)
    job.step(job.perhaps_with_step)
    job.step(job.with_all)

    assert done == ["plain", "with_step", "perhaps_with_step", "with_all"]


def test_a_method_may_be_named() -> None:
    job = SteppingJob()

    job.step("plain")
    job.step("_private")

    assert done == ["plain", "private"]
    assert job.continuation.completed == ["plain", "_private"]
    with pytest.raises(AttributeError, match="nothing"):
        job.step("nothing")


def test_a_default_keeps_what_a_loop_bound() -> None:
    job = SteppingJob()

    for table in ("cities", "rivers"):

        @job.step(name=f"import_{table}")
        def import_table(table: str = table) -> None:
            done.append(table)

    assert done == ["cities", "rivers"]
    assert job.continuation.completed == ["import_cities", "import_rivers"]


def test_a_function_without_a_name_must_be_given_one() -> None:
    job = SteppingJob()
    nameless: list[Callable[[], object]] = [lambda: None, partial(print, "x")]

    for function in nameless:
        with pytest.raises(InvalidStepError, match="name="):
            job.step(function)
    job.step(partial(done.append, "partial"), name="partial")

    assert job.continuation.completed == ["partial"]
    assert done == ["partial"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("with_two", "no argument but the step"),
        ("with_keyword", "no keyword arguments"),
        ("yielding", "yields"),
    ],
)
def test_a_function_that_wants_more_is_refused(name: str, words: str) -> None:
    with pytest.raises(ArgumentError, match=f"'{name}'.*{words}"):
        SteppingJob().step(name)


def test_a_step_knows_how_far_it_came() -> None:
    job = SteppingJob()
    seen: list[Any] = []

    @job.step(start=[0])
    def items(step: Step) -> None:
        seen.append((step.cursor, step.resumed, step.advanced))
        step.cursor[0] += 1
        step.set(step.cursor)
        seen.append((step.cursor, step.resumed, step.advanced))
        seen.append(step.description)

    assert seen == [([1], False, False), ([1], False, True), "at 'items', cursor '[1]'"]


def test_the_continuation_tells_where_the_job_is() -> None:
    job = SteppingJob()
    places = [job.continuation.description]

    @job.step
    def first() -> None:
        assert job.continuation.current is not None
        places.append(job.continuation.description)

    places.append(job.continuation.description)

    assert places == ["not started", "at 'first', cursor 'nil'", "after 'first'"]
    assert job.continuation.current is None


def test_a_function_that_only_gives_a_coroutine_is_refused() -> None:
    async def load() -> None: ...

    with pytest.raises(InvalidStepError, match="async def"):
        _ = SteppingJob().step(lambda: load(), name="load")
