"""A helper can tell whether it was called in the head of a `with` statement."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager, nullcontext
from typing import Any

import pytest

from samovar import ArgumentError
from samovar.testing import JobAssertions
from samovar.testing.blocks import opens_block


class Asked:
    """What was answered to a helper."""

    def __init__(self, is_block: bool) -> None:
        self.is_block = is_block

    def __enter__(self) -> bool:
        return self.is_block

    def __exit__(self, *error: object) -> None: ...


def helper(*args: object, **kwargs: object) -> Asked:
    return Asked(opens_block())


def passed_on(*args: object) -> Asked:
    return helper(*args)


def test_a_call_in_the_head_of_a_with_statement_opens_a_block() -> None:
    arguments: list[int] = [1]
    keywords: dict[str, int] = {"a": 1}

    with helper() as plain, helper(1, a=2) as second:
        pass
    with nullcontext(), helper(*arguments, **keywords) as starred:
        pass
    with helper(
        1,
    ) as over_lines:
        pass
    with passed_on() as returned:
        pass
    with Asked(helper().is_block) as inner:
        pass

    assert (plain, second, starred, over_lines, returned) == (True,) * 5
    assert not inner


def test_any_other_call_does_not() -> None:
    kept = helper()
    listed = [helper() for _ in range(2)]
    answered = passed_on()

    assert [asked.is_block for asked in (kept, *listed, answered)] == [False] * 4
    with ExitStack() as stack:
        assert not stack.enter_context(helper())
    with kept as is_block:
        assert not is_block


@contextmanager
def in_generator() -> Any:
    with helper() as is_block:
        yield is_block


def test_it_works_in_generators_and_lambdas() -> None:
    with in_generator() as inside:
        assert inside
    with (lambda: helper())() as through_lambda:
        assert through_lambda


async def _in_coroutine() -> tuple[bool, bool]:
    with helper() as is_block:
        return is_block, helper().is_block


def test_it_works_in_coroutines() -> None:
    coroutine = _in_coroutine()
    with pytest.raises(StopIteration) as caught:
        coroutine.send(None)
    assert caught.value.value == (True, False)


def test_a_helper_that_acted_at_once_cannot_be_entered_later(jobs: JobAssertions) -> None:
    with ExitStack() as stack:
        for called in (jobs.assert_no_enqueued_jobs(), jobs.perform_enqueued_jobs()):
            with pytest.raises(ArgumentError, match="done already, when it was called"):
                stack.enter_context(called)
