"""Which ticks were fired, kept in a topic of one partition: its last state record counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import msgspec

from samovar import events
from samovar.broker.port import Admin, AtomicProducer, NewRecord, Record, TopicPartition, TopicSpec
from samovar.engine.kept.topics import COMPACTED
from samovar.engine.topics.existing import RECURRING_SUFFIX
from samovar.job.job_data import EnqueueRequest
from samovar.recurring.port import TaskState
from samovar.recurring.scheduler import Scheduler
from samovar.recurring.task import RecurringTasks
from samovar.support import clock, ids

STATE_KEY = b"state"
_COMMAND = "recurring_command"
#: Beside the state: the names of the tasks that whoever wrote it fires.
_FIRES = "recurring_fires"
_NANOSECONDS = 1_000_000_000


class Command(msgspec.Struct, frozen=True):
    """What somebody wants of tasks; "*" is all of them."""

    names: tuple[str, ...]
    enabled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """What lies in the topic at the moment."""

    states: Mapping[str, TaskState]
    #: The tasks that whoever wrote last declares; None: it did not say.
    fires: frozenset[str] | None = None


_states = msgspec.json.Decoder(dict[str, TaskState])
_names = msgspec.json.Decoder(list[str])
_commands = msgspec.json.Decoder(Command)
_encode = msgspec.json.Encoder().encode


def spec(group: str) -> TopicSpec:
    """The topic of an application's group."""
    return TopicSpec(name=f"{group}{RECURRING_SUFFIX}", partitions=1, config=COMPACTED)


def keeper_group(group: str) -> str:
    """The consumer group of the workers that keep the topic of an application's group."""
    return f"{group}-{spec(group).name}"


def command(group: str, names: Sequence[str], *, enabled: bool) -> NewRecord:
    """The record by which tasks are enabled or disabled."""
    key = ids.token().encode()
    value = _encode(Command(tuple(names), enabled))
    return NewRecord(spec(group).name, value, key=key, headers=((_COMMAND, b"1"),), partition=0)


def read(admin: Admin, group: str) -> Remembered:
    """What is remembered at the moment, commands that wait included; for looking only."""
    source = TopicPartition(spec(group).name, 0)
    low, high = admin.watermarks(source.topic)[source]
    states: dict[str, TaskState] = {}
    fires: frozenset[str] | None = None
    while low < high and (records := admin.read(source, low, 1000)):
        for record in records:
            if record.key == STATE_KEY and record.value is not None:
                states, fires = dict(_states_of(record, states)), _fires(record)
            elif (asked := _command_of(record)) is not None:
                for name in states:
                    if name in asked.names or "*" in asked.names:
                        states[name] = msgspec.structs.replace(states[name], enabled=asked.enabled)
        low = records[-1].offset + 1
    return Remembered(states=states, fires=fires)


class RecurringLedger:
    """Fulfils `samovar.recurring.port.Ledger` and `samovar.engine.kept.keeper.Memory`."""

    def __init__(
        self,
        source: TopicPartition,
        producer: AtomicProducer,
        *,
        tasks: RecurringTasks,
        record_of: Callable[[EnqueueRequest], NewRecord],
        adapter_name: str,
    ) -> None:
        """`record_of` makes a job's record, as the adapter of that name would."""
        self._source = source
        self._producer = producer
        self._record_of = record_of
        self._scheduler = Scheduler(tasks, self, adapter_name)
        self._names = frozenset(task.name for task in tasks)
        #: What the last state says of who wrote it.
        self._fires: frozenset[str] | None = None
        self.states: Mapping[str, TaskState] = {}
        #: Commands that are not carried out yet.
        self._commands: list[tuple[Record, Command]] = []
        #: Where the last state lies.
        self._state_at: int | None = None
        self._end = 0
        self._is_loaded = False

    @property
    def position(self) -> int | None:
        """The last state, or a command that is not carried out."""
        if self._state_at is None:
            return None
        waiting = [record.offset for record, _ in self._commands]
        return min(self._state_at, self._end, *waiting)

    def take(self, records: Sequence[Record]) -> None:
        """Learn the last state and the commands after it."""
        for record in records:
            if record.key == STATE_KEY and record.value is not None:
                if not self._is_loaded:  # afterwards they are our own
                    self.states = _states_of(record, self.states)
                    self._fires = _fires(record)
                    self._state_at = record.offset
            elif (asked := _command_of(record)) is not None:
                self._commands.append((record, asked))
            elif record.value is None:
                self._commands = [pair for pair in self._commands if pair[0].key != record.key]
        self._end = records[-1].offset + 1

    def loaded(self) -> None:
        """The ticks of new tasks count from now on."""
        self._is_loaded = True
        self._scheduler.begin(_now())
        if self._fires != self._names:  # others have to see who fires from now on
            self.write(self.states)

    def act(self) -> None:
        """Carry out commands, fire what is due."""
        if self._commands:
            self._obey()
        now = _now()
        due = self._scheduler.next_due
        if due is not None and due <= now:
            self._scheduler.fire(now)

    def seconds_left(self) -> float | None:
        """Until the next tick."""
        due = self._scheduler.next_due
        return None if due is None else max(0.0, due - clock.now_ns() / _NANOSECONDS)

    def close(self) -> None:
        """Nothing is held."""

    def write(self, states: Mapping[str, TaskState]) -> None:
        """See the port."""
        self._state_at = self._write(states, ())
        self.states = states

    def claim(self, task: str, tick: int, requests: Sequence[EnqueueRequest] = ()) -> bool:
        """See the port. Whoever else fires the task has made this one's producer useless: the
        transaction would be refused. So what is remembered here is all there is.
        """
        state = self.states.get(task)
        if state is not None and state.last >= tick:
            return False
        after = TaskState(tick) if state is None else msgspec.structs.replace(state, last=tick)
        states = {**self.states, task: after}
        self._state_at = self._write(states, [self._record_of(request) for request in requests])
        self.states = states
        return True

    def _write(self, states: Mapping[str, TaskState], records: Sequence[NewRecord]) -> int:
        headers = ((_FIRES, _encode(sorted(self._names))),)
        state = NewRecord(
            self._source.topic, _encode(states), key=STATE_KEY, headers=headers, partition=0
        )
        offset = self._producer.produce_atomically([*records, state])[-1].offset
        self._fires = self._names
        return offset

    def _obey(self) -> None:
        commands, self._commands = self._commands, []
        tombstones: list[NewRecord] = []
        for record, asked in commands:
            self.states = self._scheduler.enable(set(asked.names), asked.enabled, _now())
            tombstones.append(NewRecord(self._source.topic, None, key=record.key, partition=0))
        self._state_at = self._write(self.states, tombstones)
        self._scheduler.look_ahead()


def _states_of(record: Record, before: Mapping[str, TaskState]) -> Mapping[str, TaskState]:
    """The states in a record; one that cannot be read changes nothing."""
    try:
        return _states.decode(record.value or b"")
    except msgspec.DecodeError as error:
        reason: Any = error
        events.announce("broker.error", error=reason)
        return before


def _fires(record: Record) -> frozenset[str] | None:
    for name, value in record.headers:
        if name == _FIRES:
            with suppress(msgspec.DecodeError):
                return frozenset(_names.decode(value))
    return None


def _command_of(record: Record) -> Command | None:
    if record.value is None or not any(name == _COMMAND for name, _ in record.headers):
        return None
    try:
        return _commands.decode(record.value)
    except msgspec.DecodeError as error:
        reason: Any = error
        events.announce("broker.error", error=reason)
        return None


def _now() -> int:
    return clock.now_ns() // _NANOSECONDS
