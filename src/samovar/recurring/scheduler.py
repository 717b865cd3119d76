"""Fires what is due, and remembers it in the ledger; only the ledger's holder may run it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import structs

from samovar import events
from samovar.errors import BrokerError, ConfigurationError
from samovar.recurring.port import Ledger, TaskState
from samovar.recurring.requests import requests_of
from samovar.recurring.task import RecurringTask, RecurringTasks

#: A gap of this many seconds, as when one process takes over from another, costs no tick. In a
#: longer one nobody was up.
GAP_SECONDS = 60


class Scheduler:
    """The tasks of this process on a ledger."""

    def __init__(self, tasks: RecurringTasks, ledger: Ledger, adapter_name: str) -> None:
        """`adapter_name`: the queue adapter that the ledger enqueues as, for events."""
        self._tasks = tasks
        self._ledger = ledger
        self._adapter_name = adapter_name
        #: Tasks of which another process has a newer version; each is reported once.
        self._outdated: set[str] = set()
        #: When something is due next, seconds since the epoch; None: nothing, or not known yet.
        self.next_due: int | None = None

    def begin(self, now: int) -> None:
        """Note the tasks that are new: their ticks count from now on."""
        known = self._ledger.states
        new = {
            task.name: self._met(task, known.get(task.name), now)
            for task in self._tasks
            if self._met(task, known.get(task.name), now) != known.get(task.name)
        }
        if new:
            self._ledger.write({**known, **new})
        self.look_ahead()

    def fire(self, now: int) -> None:
        """Fire each task that is due."""
        for task in self._tasks:
            state = self._ledger.states.get(task.name)
            if state is None or self._is_outdated(task, state):
                continue
            for tick, fires in _ticks(task, state, now):
                self._pass(task, tick, fires=fires and state.enabled)
        self.look_ahead()

    def enable(self, names: set[str], enabled: bool, now: int) -> Mapping[str, TaskState]:
        """The states after these tasks were enabled or disabled; ticks of before do not count."""
        return {
            name: structs.replace(state, enabled=enabled, last=max(state.last, now))
            if name in names or "*" in names
            else state
            for name, state in self._ledger.states.items()
        }

    def look_ahead(self) -> None:
        """Work out when something is due next."""
        ahead: list[int] = []
        for task in self._tasks:
            state = self._ledger.states.get(task.name)
            if state is None or self._is_outdated(task, state):
                continue
            tick = _next(task, state)
            if tick is not None:
                ahead.append(tick)
        self.next_due = min(ahead, default=None)

    def _met(self, task: RecurringTask, state: TaskState | None, now: int) -> TaskState:
        if state is None:
            return TaskState(last=now, version=task.version)
        if task.version > state.version:
            return structs.replace(state, version=task.version)
        return state

    def _is_outdated(self, task: RecurringTask, state: TaskState) -> bool:
        if task.version >= state.version:
            return False
        if task.name not in self._outdated:
            self._outdated.add(task.name)
            error = ConfigurationError(
                f"recurring({task.name!r}): version {state.version} has run elsewhere, and this "
                f"process has version {task.version}: it does not fire the task. Upgrade it."
            )
            events.announce("recurring.failed", task=task.name, tick=None, error=error)
        return True

    def _pass(self, task: RecurringTask, tick: int, *, fires: bool) -> None:
        if not fires:
            self._ledger.claim(task.name, tick)
            return
        try:
            job = task.job()
            is_ours = self._ledger.claim(task.name, tick, requests_of(job, self._adapter_name))
        except BrokerError:
            raise  # the tick is fired when the log can be written again
        except Exception as error:
            # It would fail again: the next tick is another chance.
            events.announce("recurring.failed", task=task.name, tick=tick, error=error)
            self._ledger.claim(task.name, tick)
        else:
            if is_ours:
                events.announce("recurring.fired", task=task.name, tick=tick, job=job)


def _next(task: RecurringTask, state: TaskState) -> int | None:
    """The task's next tick. One that is not newer was fired, whatever the schedule says."""
    tick = task.schedule.next_tick(state.last)
    return tick if tick is not None and tick > state.last else None


def _ticks(task: RecurringTask, state: TaskState, now: int) -> Iterator[tuple[int, bool]]:
    """The ticks that have passed, and whether they fire: each does, or after a long gap the last
    one in place of all.
    """
    tick = _next(task, state)
    if tick is not None and tick < now - GAP_SECONDS:
        latest = task.schedule.last_tick(now)
        # Never before the one that is due: what was fired would be fired again and again.
        tick = tick if latest is None else max(tick, latest)
        yield tick, task.catch_up or tick >= now - GAP_SECONDS
        return
    while tick is not None and tick <= now:
        yield tick, True
        tick = _next(task, structs.replace(state, last=tick))
