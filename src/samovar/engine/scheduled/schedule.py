"""One partition of a schedule topic at work: learns what waits, and dispatches what is due."""

from __future__ import annotations

from collections.abc import Sequence

from samovar import events
from samovar.broker.port import AtomicProducer, NewRecord, Record, TopicPartition
from samovar.engine.scheduled import envelope
from samovar.engine.scheduled.agenda import Agenda, Entry
from samovar.engine.scheduled.targets import NoTargetError, Targets
from samovar.errors import (
    BrokerError,
    BrokerUnavailableError,
    DeliveryFailedError,
    PayloadError,
    UnknownTopicError,
)
from samovar.support import clock

#: Most records that leave in one transaction.
DISPATCH_RECORDS = 500
#: A cancellation that was asked for longer ago, in milliseconds, wants no answer any more.
ANSWER_MILLISECONDS = 60_000
#: What can neither leave nor be set aside is tried again after so many seconds.
AGAIN_SECONDS = 30

_NANOSECONDS = 1_000_000_000


class Schedule:
    """Fulfils `samovar.engine.kept.keeper.Memory`.

    What is due leaves in one transaction with the tombstone that says so, so it leaves once,
    whoever dies.
    """

    def __init__(self, source: TopicPartition, producer: AtomicProducer, targets: Targets) -> None:
        self._source = source
        self._producer = producer
        self._targets = targets
        self._agenda = Agenda()
        self._end: int | None = None
        #: Why nothing is dispatched: a record that only a newer version understands.
        self._halted: envelope.NewerVersionError | None = None
        #: Answers that are still to be given to those who cancelled.
        self._answers: list[NewRecord] = []
        #: When the next record is due, seconds since the epoch.
        self._next_epoch: int | None = None

    @property
    def position(self) -> int | None:
        """The oldest record that waits: those before it are done with."""
        if self._halted is not None:
            return None
        first = self._agenda.first_offset
        return self._end if first is None else first

    def take(self, records: Sequence[Record]) -> None:
        """Learn what waits, and what was taken back or has left."""
        with self._agenda.changing():
            for record in records:
                if record.value is None and record.key is not None:
                    self._remove(record, record.key)
                else:
                    self._add(record)
        self._end = records[-1].offset + 1
        self._next_epoch = self._agenda.next_epoch

    def loaded(self) -> None:
        """Dispatching begins."""
        topic, partition = self._source
        events.announce(
            "schedule.loaded", topic=topic, partition=partition, waiting=len(self._agenda)
        )

    def act(self) -> None:
        """Answer cancellations, and dispatch a share of what is due."""
        if self._halted is not None:
            return
        if self._answers:
            answers, self._answers = self._answers, []
            self._producer.produce_atomically(answers)
        if self._next_epoch is None or self._next_epoch > clock.now_ns() // _NANOSECONDS:
            return
        self._dispatch(self._agenda.due(clock.now_ns() // _NANOSECONDS, DISPATCH_RECORDS))
        self._next_epoch = self._agenda.next_epoch

    def seconds_left(self) -> float | None:
        """Until the next record is due."""
        if self._halted is not None:
            return None
        if self._answers:
            return 0.0
        if self._next_epoch is None:
            return None
        return max(0.0, self._next_epoch - clock.now_ns() / _NANOSECONDS)

    def close(self) -> None:
        """Forget what was learnt."""
        self._agenda.close()

    def _add(self, record: Record) -> None:
        if self._halted is not None:
            return
        try:
            target = envelope.read(record)
        except envelope.NewerVersionError as error:
            self._halted = error
            self._tell(record, error)
        except PayloadError as error:
            self._tell(record, error)
        else:
            self._agenda.add(record, target.epoch)

    def _remove(self, record: Record, key: bytes) -> None:
        was_waiting = self._agenda.remove(key)
        asker = envelope.asker(record)
        if asker and record.timestamp > clock.now_ns() // 1_000_000 - ANSWER_MILLISECONDS:
            self._answers.append(envelope.answer(self._source, asker, was_waiting=was_waiting))

    def _dispatch(self, entries: list[Entry]) -> None:
        """Dispatch them together; if one is refused, in halves, until it alone is left."""
        try:
            self._leave(entries)
        except (DeliveryFailedError, UnknownTopicError, NoTargetError) as error:
            if len(entries) == 1:
                self._set_aside(entries[0], error)
            else:
                self._dispatch(entries[: len(entries) // 2])
                self._dispatch(entries[len(entries) // 2 :])
            return
        self._agenda.drop(entries)
        topic, partition = self._source
        events.announce("schedule.dispatched", topic=topic, partition=partition, count=len(entries))

    def _leave(self, entries: list[Entry]) -> None:
        try:
            self._producer.produce_atomically(self._leaving(entries))
        except UnknownTopicError:
            self._targets.look_again()
            self._producer.produce_atomically(self._leaving(entries))

    def _leaving(self, entries: list[Entry]) -> list[NewRecord]:
        records = [self._targets.record(self._source, entry.record) for entry in entries]
        return records + [
            envelope.tombstone(self._source, entry.record.key or b"") for entry in entries
        ]

    def _set_aside(self, entry: Entry, error: BrokerError) -> None:
        """What its target refuses goes to the target's dead letters, so that the rest may leave;
        while that cannot be, it waits on.
        """
        try:
            if isinstance(error, NoTargetError):  # no fault of the record
                raise error
            self._targets.set_aside(self._source, entry.record, error)
        except BrokerUnavailableError:
            raise
        except BrokerError as refusal:
            self._agenda.add(entry.record, clock.now_ns() // _NANOSECONDS + AGAIN_SECONDS)
            self._tell(entry.record, refusal)
            return
        self._producer.produce_atomically(
            [envelope.tombstone(self._source, entry.record.key or b"")]
        )
        self._agenda.drop([entry])
        self._tell(entry.record, error)

    def _tell(self, record: Record, error: Exception) -> None:
        topic, partition = self._source
        events.announce(
            "schedule.failed", topic=topic, partition=partition, offset=record.offset, error=error
        )
