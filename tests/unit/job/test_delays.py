"""Which declarations of a class wait."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

import pytest

from samovar import Continuable, Job, retry_on
from samovar.job.delays import delays


@pytest.mark.parametrize("attempts", [2, 5, "unlimited"])
def test_a_retry_waits(attempts: Any) -> None:
    @retry_on(KeyError, wait=3, attempts=attempts)
    class WaitingJob(Job, registered=False):
        pass

    assert list(delays(WaitingJob)) == ["retry_on(KeyError, wait=3)"]


@pytest.mark.parametrize(
    "options",
    [
        {"attempts": 1},
        {"attempts": 1, "wait": timedelta(minutes=1)},
        {"attempts": 1, "wait": "polynomially_longer"},
        {"wait": 0},
    ],
)
def test_what_is_never_tried_again_or_at_once_does_not_wait(options: Any) -> None:
    @retry_on(KeyError, **options)
    class PromptJob(Job, registered=False):
        pass

    assert list(delays(PromptJob)) == []


def test_a_continuation_waits_unless_it_says_otherwise() -> None:
    class StepsJob(Continuable, Job, registered=False):
        pass

    class PromptStepsJob(StepsJob, registered=False):
        resume_options: ClassVar[Any] = {"wait": 0}

    assert len(list(delays(StepsJob))) == 1
    assert list(delays(PromptStepsJob)) == []
