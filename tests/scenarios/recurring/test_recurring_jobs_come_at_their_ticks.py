"""Recurring jobs: each tick once, whichever workers are up, on both logs."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime

import pytest

from tests.support.eventually import eventually
from tests.support.stage import Stage

ROUTES = """
from tests.jobs.recurring import TickJob, UnwillingJob
app.recurring("beat", TickJob, every=1, arguments=["beat"], keyword_arguments={"times": 1})
app.recurring("yearly", TickJob, cron="0 0 1 1 *", time_zone="Europe/Berlin", arguments=["year"])
app.job_topic("default", partitions=4)
"""


@pytest.fixture
def beating(stage: Stage) -> Stage:
    if stage.backend == "kafka":
        stage.notice_the_dead()
    stage.configure(imports=["tests.jobs.recurring"])
    stage.declare(ROUTES)
    return stage


def beats(stage: Stage) -> int:
    return len(stage.journal.notes())


def check_ticks(stage: Stage, *, deaths: int = 0) -> None:
    """No tick came twice, and none is missing between the first and the last: by the lines that
    the workers wrote, and by the records that there are.
    """
    ticks = told(stage)
    assert [tick for tick, count in Counter(ticks).items() if count > 1] == []
    # A worker that was killed may not have told its last one.
    assert len(ticks) <= enqueued(stage) <= len(ticks) + deaths
    assert max(ticks) - min(ticks) + 1 <= enqueued(stage)


def told(stage: Stage) -> list[int]:
    """The ticks that workers told, seconds since the epoch."""
    lines = "".join(log.read_text() for log in stage.directory.glob("worker-*.log"))
    ticks = re.findall(r"task beat, due at (\S+ \S+) UTC", lines)
    return [int(datetime.fromisoformat(f"{tick}+00:00").timestamp()) for tick in ticks]


def enqueued(stage: Stage) -> int:
    """How many jobs there ever were: the embedded log deletes what is done."""
    if stage.backend == "kafka":
        return len(stage.records())
    return sum(marks.high for marks in stage.admin.watermarks(stage.topic()).values())


def samovar(stage: Stage, *words: str) -> str:
    run = subprocess.run(
        [sys.executable, "-m", "samovar", *words],
        cwd=stage.directory,
        env={**os.environ, **stage.environment},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_a_tick_is_one_job_with_several_workers_up(beating: Stage) -> None:
    """K01."""
    with beating.steady_worker() as one, beating.steady_worker(), beating.steady_worker():
        eventually(lambda: beats(beating) >= 5)
        one.signal(signal.SIGTERM)
        assert one.wait() == 0
        so_far = beats(beating)
        eventually(lambda: beats(beating) >= so_far + 3)

    check_ticks(beating)
    assert set(beating.journal.notes()) == {"beat"}


def test_another_worker_takes_over_from_one_that_was_killed(beating: Stage) -> None:
    """K02."""
    with beating.steady_worker() as one:
        eventually(lambda: beats(beating) >= 2)
        with beating.steady_worker() as other:
            one.signal(signal.SIGKILL)
            so_far = beats(beating)
            eventually(lambda: beats(beating) >= so_far + 4, within=60)
            other.signal(signal.SIGTERM)
            assert other.wait() == 0

    check_ticks(beating, deaths=1)


@pytest.mark.chaos
@pytest.mark.timeout(900)
def test_a_hundred_ticks_while_workers_come_and_go(
    beating: Stage, chaos_report: Callable[..., None]
) -> None:
    with ExitStack() as workers:
        up = [workers.enter_context(beating.steady_worker()) for _ in range(3)]
        started = time.time()
        turns = deaths = 0
        while time.time() < started + 100:
            leaving = up.pop(0)
            leaving.signal(way := random.choice([signal.SIGKILL, signal.SIGTERM]))
            deaths += way == signal.SIGKILL
            up.append(workers.enter_context(beating.steady_worker()))
            turns += 1
            time.sleep(random.uniform(0, 3))
        # What was due amid the last hand-over comes late.
        ended = time.time()
        eventually(lambda: max(told(beating)) > ended, within=60)
        for worker in up:
            worker.signal(signal.SIGTERM)
            assert worker.wait() == 0

    check_ticks(beating, deaths=deaths)
    assert enqueued(beating) >= 90
    chaos_report(
        backend=beating.backend,
        seconds=round(time.time() - started),
        turns=turns,
        fired=enqueued(beating),
        twice=0,
    )


def test_tasks_are_listed_run_disabled_and_enabled_and_restarts_change_nothing(
    beating: Stage,
) -> None:
    """K03."""
    with beating.steady_worker():
        eventually(lambda: beats(beating) >= 2)
        assert "Disabled beat." in samovar(beating, "recurring", "disable", "beat")
        eventually(lambda: is_still(beating))
    still = beats(beating)
    with beating.steady_worker():
        listed = samovar(beating, "recurring", "list")
        assert re.search(
            r"beat: TickJob, every 1 s; dealt with until 2\S+ \S+ UTC, disabled", listed
        )
        assert re.search(
            r"yearly: TickJob, 0 0 1 1 \* \(Europe/Berlin\); dealt with until .+ UTC, "
            r"next \S+-12-31 23:00:00",
            listed,
        )
        assert "Enqueued TickJob" in samovar(beating, "recurring", "run", "yearly")
        beating.journal.wait_for("done", "year")
        assert samovar(beating, "recurring", "run", "*").count("Enqueued TickJob") == 2
        eventually(lambda: beats(beating) == still + 3)
        samovar(beating, "recurring", "enable", "*")
        eventually(lambda: beats(beating) >= still + 5)


def test_a_task_that_fails_is_told_each_time_and_comes_again(beating: Stage) -> None:
    """K04: it is not tried twice for one tick, and keeps no other task up."""
    beating.declare(
        f"{ROUTES}app.recurring('ill', UnwillingJob, every=1)\n"
        "import samovar\nfrom tests.support import journal\n"
        "@samovar.subscribe('recurring.failed')\n"
        "def note(event):\n"
        "    payload = event.payload\n"
        "    journal.write('failed', f\"{payload['task']} {payload['tick']} {payload['error']}\")\n"
    )
    with beating.steady_worker() as worker:
        eventually(lambda: len(beating.journal.notes("failed")) >= 4)
        eventually(lambda: beats(beating) >= 4)
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0

    ticks: list[int] = []
    for note in beating.journal.notes("failed"):
        task, tick, error = note.split(" ", 2)
        assert (task, error) == ("ill", "not today")
        ticks.append(int(tick))
    assert ticks == list(range(ticks[0], ticks[0] + len(ticks)))
    assert "The recurring task ill enqueued nothing: RuntimeError: not today." in worker.output
    check_ticks(beating)


def test_an_older_version_keeps_still_once_a_newer_one_has_run(beating: Stage) -> None:
    """K05."""
    beating.declare(versioned(2, "new"))
    with beating.steady_worker() as newer:
        eventually(lambda: beats(beating) >= 2)
        beating.declare(versioned(1, "old"))
        with beating.steady_worker() as older:
            newer.signal(signal.SIGTERM)
            assert newer.wait() == 0
            older.wait_for_output("version 2 has run elsewhere")
            so_far = beats(beating)
            assert is_still(beating)
            older.signal(signal.SIGTERM)
            assert older.wait() == 0
    beating.declare(versioned(3, "newest"))
    with beating.steady_worker():
        beating.journal.wait(lambda journal: "newest" in journal.notes())

    assert set(beating.journal.notes()) == {"new", "newest"}
    assert beating.journal.notes().count("new") == so_far


def versioned(version: int, what: str) -> str:
    return (
        "from tests.jobs.recurring import TickJob\n"
        f"app.recurring('beat', TickJob, every=1, arguments=[{what!r}], version={version})\n"
        "app.job_topic('default', partitions=4)"
    )


def is_still(stage: Stage) -> bool:
    """Whether a second passes without a beat."""
    before = beats(stage)
    time.sleep(1.5)
    return beats(stage) == before
