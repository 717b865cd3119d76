"""Each tick fires once; what is remembered decides, not who asks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from msgspec import structs

from samovar import events
from samovar.errors import BrokerUnavailableError, ConfigurationError
from samovar.events import Event
from samovar.job.job_data import EnqueueRequest
from samovar.recurring.port import TaskState
from samovar.recurring.scheduler import Scheduler
from samovar.recurring.task import RecurringTasks
from tests.jobs.recurring import TickJob

FIRST_PASS = int(datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Berlin")).timestamp())


class Ledger:
    """Remembers in memory."""

    def __init__(self) -> None:
        self.states: Mapping[str, TaskState] = {}
        self.fired: list[list[Any]] = []
        self.error: Exception | None = None
        #: Ticks that another process has fired.
        self.taken: set[int] = set()

    def write(self, states: Mapping[str, TaskState]) -> None:
        self.states = states

    def claim(self, task: str, tick: int, requests: Sequence[EnqueueRequest] = ()) -> bool:
        if requests and self.error:
            raise self.error
        state = self.states[task]
        if state.last >= tick or tick in self.taken:
            self.states = {**self.states, task: structs.replace(state, last=max(state.last, tick))}
            return False
        self.states = {**self.states, task: structs.replace(state, last=tick)}
        self.fired += [request.data["arguments"] for request in requests]
        return True


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


@pytest.fixture
def heard() -> Iterator[list[Event]]:
    seen: list[Event] = []
    hear = seen.append
    for name in ("recurring.fired", "recurring.failed"):
        events.subscribe(name)(hear)
    yield seen
    events.unsubscribe(hear)


def scheduler(ledger: Ledger, *names: str, every: int = 10, **options: Any) -> Scheduler:
    tasks = RecurringTasks()
    for name in names:
        tasks.declare(name, TickJob, every=every, **{"arguments": (name,), **_NONE, **options})
    assert not tasks.faults
    return Scheduler(tasks, ledger, "test")


_NONE: dict[str, Any] = {"keyword_arguments": {}}


def test_a_new_task_counts_its_ticks_from_when_it_is_met(ledger: Ledger) -> None:
    one = scheduler(ledger, "a")
    one.begin(105)
    assert one.next_due == 110

    one.fire(109)
    assert ledger.fired == []
    one.fire(110)
    one.fire(110)
    one.fire(119)

    assert ledger.fired == [["a"]]
    assert one.next_due == 120


def test_a_short_gap_costs_no_tick(ledger: Ledger) -> None:
    scheduler(ledger, "a").begin(105)

    later = scheduler(ledger, "a")
    later.begin(131)
    later.fire(131)

    assert ledger.fired == [["a"]] * 3
    assert ledger.states["a"].last == 130


def test_ticks_that_passed_in_a_long_gap_are_made_up_for_once(ledger: Ledger) -> None:
    scheduler(ledger, "a").begin(105)

    later = scheduler(ledger, "a")
    later.begin(1000)
    later.fire(1003)

    assert ledger.fired == [["a"]]
    assert ledger.states["a"].last == 1000


def test_or_not_at_all(ledger: Ledger) -> None:
    scheduler(ledger, "a", catch_up=False).begin(105)
    later = scheduler(ledger, "a", every=3600, catch_up=False)
    later.begin(4000)

    later.fire(4000)
    assert ledger.fired == []
    assert later.next_due == 7200
    later.fire(7203)
    assert ledger.fired == [["a"]]


def test_a_successor_repeats_nothing_and_misses_nothing(ledger: Ledger) -> None:
    first = scheduler(ledger, "a")
    first.begin(100)
    first.fire(110)

    second = scheduler(ledger, "a")
    second.begin(111)
    second.fire(112)
    second.fire(120)

    assert ledger.fired == [["a"], ["a"]]


def test_a_clock_that_is_put_back_fires_nothing_again(ledger: Ledger) -> None:
    one = scheduler(ledger, "a")
    one.begin(100)
    one.fire(120)

    assert len(ledger.fired) == 2
    one.fire(50)
    one.fire(110)
    one.fire(121)
    assert len(ledger.fired) == 2
    one.fire(130)
    assert len(ledger.fired) == 3


def test_a_disabled_task_keeps_still_until_it_is_enabled(ledger: Ledger) -> None:
    one = scheduler(ledger, "a", "b")
    one.begin(100)
    ledger.states = one.enable({"a"}, False, 101)

    one.fire(110)
    assert ledger.fired == [["b"]]
    ledger.states = one.enable({"*"}, True, 115)
    one.fire(119)
    one.fire(120)

    assert ledger.fired == [["b"], ["a"], ["b"]]


def test_a_process_with_an_older_version_keeps_still(ledger: Ledger, heard: list[Event]) -> None:
    """K05."""
    old, new = scheduler(ledger, "a", version=1), scheduler(ledger, "a", version=2)
    old.begin(100)
    new.begin(101)

    old.fire(110)
    old.fire(120)
    assert ledger.fired == []
    assert [e.payload["tick"] for e in heard] == [None]
    assert isinstance(heard[0].payload["error"], ConfigurationError)
    new.fire(120)
    assert ledger.fired == [["a"]] * 2
    assert old.next_due is None


def test_a_job_that_cannot_be_made_is_told_and_the_next_tick_is_another_chance(
    ledger: Ledger, heard: list[Event]
) -> None:
    """K04."""
    one = scheduler(ledger, "a")
    one.begin(100)
    ledger.error = RuntimeError("not today")
    one.fire(110)
    one.fire(112)
    ledger.error = None
    one.fire(120)

    assert [event.name for event in heard] == ["recurring.failed", "recurring.fired"]
    assert [event.payload["tick"] for event in heard] == [110, 120]
    assert ledger.fired == [["a"]]


def test_a_tick_that_somebody_else_has_fired_is_not_announced(
    ledger: Ledger, heard: list[Event]
) -> None:
    one = scheduler(ledger, "a")
    one.begin(100)
    ledger.taken = {110}

    one.fire(112)
    one.fire(120)

    assert [event.payload["tick"] for event in heard] == [120]
    assert ledger.fired == [["a"]]


def test_a_log_that_is_away_costs_no_tick(ledger: Ledger) -> None:
    one = scheduler(ledger, "a")
    one.begin(100)
    ledger.error = BrokerUnavailableError("away")
    with pytest.raises(BrokerUnavailableError):
        one.fire(110)
    ledger.error = None

    one.fire(113)

    assert ledger.fired == [["a"]]
    assert ledger.states["a"].last == 110


def test_every_fault_of_every_task_is_told() -> None:
    tasks = RecurringTasks()
    tasks.declare("a b", TickJob, every=0, **_NONE)
    tasks.declare("c", int, cron="* * * * *", version=-1, **_NONE)
    tasks.declare("d", TickJob, every=5, **_NONE)
    tasks.declare("d", TickJob, every=5, **_NONE)

    assert [fault.split(":")[0] for fault in tasks.faults] == [
        "recurring('a b')",
        "recurring('a b')",
        "recurring('c')",
        "recurring('c')",
        "recurring('d')",
    ]


@pytest.mark.parametrize(
    ("option", "value", "expected"),
    [
        ("arguments", 5, "a list or tuple"),
        ("arguments", "abc", "a list or tuple"),
        ("keyword_arguments", 5, "a dict"),
        ("keyword_arguments", {1: 2}, "a dict"),
        ("queue", "", "a queue's name"),
        ("priority", "high", "a whole number"),
        ("catch_up", "no", "True or False"),
    ],
)
def test_a_wrong_option_is_told_by_its_name(option: str, value: object, expected: str) -> None:
    tasks = RecurringTasks()

    tasks.declare("a", TickJob, every=5, **{**_NONE, option: value})

    (fault,) = tasks.faults
    assert fault.startswith(f"recurring('a'): {option} is {value!r}; expected {expected}")


@pytest.mark.parametrize("catch_up", [True, False])
@pytest.mark.parametrize("line", ["30 2 * * *", "*/30 2 * * *"])
def test_a_tick_of_the_repeated_hour_is_made_up_for_once(
    ledger: Ledger, line: str, catch_up: bool
) -> None:
    tasks = RecurringTasks()
    options: dict[str, Any] = {"catch_up": catch_up, "time_zone": "Europe/Berlin", **_NONE}
    options["arguments"] = ("nightly",)
    tasks.declare("nightly", TickJob, cron=line, **options)
    Scheduler(tasks, ledger, "test").begin(FIRST_PASS - 43_200)

    late = Scheduler(tasks, ledger, "test")
    now = FIRST_PASS + 2100  # 02:05, the second time
    late.begin(now)
    for turn in range(100):
        late.fire(now + turn // 10)

    assert len(ledger.fired) == int(catch_up)
    assert late.next_due is not None
    assert late.next_due > now


@pytest.mark.parametrize("answers", [(90, 90), (100, 100), (None, 50), (110, 50)])
def test_what_is_not_newer_than_the_last_tick_never_fires(
    ledger: Ledger, answers: tuple[int | None, int | None]
) -> None:
    wrong = scheduler(ledger, "a")
    ledger.states = {"a": TaskState(last=100)}
    (task,) = wrong._tasks  # pyright: ignore[reportPrivateUsage] -- a schedule that errs
    object.__setattr__(task, "schedule", _Erring(*answers))

    for turn in range(20):
        wrong.fire(1000 + turn)

    assert len(ledger.fired) == (answers[0] == 110)
    assert wrong.next_due is None or wrong.next_due > ledger.states["a"].last


class _Erring:
    """A schedule that answers the same whatever it is asked."""

    def __init__(self, next_tick: int | None, last_tick: int | None) -> None:
        self._next, self._last = next_tick, last_tick

    def next_tick(self, after: int) -> int | None:
        return self._next

    def last_tick(self, until: int) -> int | None:
        return self._last
