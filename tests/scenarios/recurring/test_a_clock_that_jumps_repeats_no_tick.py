"""The clock of a worker is put forward and back: no tick is fired twice, and firing goes on."""

from __future__ import annotations

import re
import time
from collections import Counter

import pytest

from tests.support import jumping_clock
from tests.support.eventually import eventually
from tests.support.stage import Stage

TASK = 'app.recurring("beat", TickJob, every=1, arguments=["beat"])\n'
IMPORT = "from tests.jobs.recurring import TickJob\n"


@pytest.fixture
def clock_stage(stage: Stage) -> Stage:
    """A stage with a task of each second, whose workers go by a clock that the test may put."""
    stage.configure(imports=["tests.jobs.recurring"])
    stage.declare(jumping_clock.ROUTES + IMPORT + TASK)
    return stage


def beats(stage: Stage) -> int:
    return len(stage.journal.notes())


def more_come(stage: Stage, count: int) -> None:
    """Wait for so many more."""
    so_far = beats(stage)
    eventually(lambda: beats(stage) >= so_far + count, what=f"{count} more beats")


def none_comes(stage: Stage) -> None:
    """For some seconds."""
    time.sleep(1)  # what is on its way
    so_far = beats(stage)
    time.sleep(2.5)
    assert beats(stage) == so_far


def ticks(stage: Stage) -> list[str]:
    """What the worker told, in order."""
    lines = "".join(log.read_text() for log in stage.directory.glob("worker-*.log"))
    return re.findall(r"task beat, due at (\S+ \S+) UTC", lines)


def check_once(stage: Stage) -> None:
    told = ticks(stage)
    assert [tick for tick, count in Counter(told).items() if count > 1] == []
    assert told == sorted(told)


def test_a_clock_that_is_put_back_fires_no_tick_again(clock_stage: Stage) -> None:
    with clock_stage.steady_worker():
        more_come(clock_stage, 3)
        jumping_clock.put(clock_stage, -30)
        none_comes(clock_stage)
        jumping_clock.put(clock_stage, -1)
        more_come(clock_stage, 5)
    check_once(clock_stage)


def test_a_clock_that_is_put_forward_a_little_makes_up_for_each_tick(clock_stage: Stage) -> None:
    with clock_stage.steady_worker():
        more_come(clock_stage, 2)
        jumping_clock.put(clock_stage, 30)
        more_come(clock_stage, 33)
    check_once(clock_stage)


def test_a_clock_that_is_put_forward_far_fires_once_for_all(clock_stage: Stage) -> None:
    with clock_stage.steady_worker():
        more_come(clock_stage, 2)
        jumping_clock.put(clock_stage, 7200)
        more_come(clock_stage, 4)
        # Fewer than a minute of them: the two hours were one job.
        assert beats(clock_stage) < 60
        jumping_clock.put(clock_stage, 0)
        none_comes(clock_stage)
        # Nothing is forgotten: once the clock has come past the last tick, it goes on.
        jumping_clock.put(clock_stage, 7200)
        more_come(clock_stage, 3)
    check_once(clock_stage)
