"""Let a consumer work on messages that a test gives it: on one partition, and without a broker."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

from samovar.broker.memory import MemoryLog
from samovar.broker.port import NewRecord, Record, TopicPartition, Written
from samovar.engine.consuming.consumer import Consumer
from samovar.engine.consuming.consumption import run
from samovar.engine.consuming.message import Message, json
from samovar.engine.producing import transactions
from samovar.engine.producing.destinations import Destinations
from samovar.engine.producing.messages import check, record_of
from samovar.engine.producing.outlet import stand_in
from samovar.engine.producing.transactions import AtomicStore
from samovar.engine.routing.routes import Routes
from samovar.engine.routing.topic import Topic
from samovar.errors import ArgumentError
from samovar.job import runtime
from samovar.support import clock

#: A message that a test gives.
Given = Message | Mapping[str, Any] | str | bytes | None


class RecordedLog(MemoryLog):
    """Keeps what was produced in a test, and what was marked."""

    def __init__(self) -> None:
        super().__init__()
        self.marked: list[Message] = []


@runtime_checkable
class _WithRoutes(Protocol):
    routes: Routes


def routes() -> Routes:
    """The routes of the application."""
    real_name = runtime.current().job_settings.real_queue
    application = runtime.installed()
    return application.routes if isinstance(application, _WithRoutes) else Routes(real_name)


def log_that_records(helper: str) -> RecordedLog:
    """What the messages of the test are kept in.

    Raises:
        ArgumentError: no test records any.
    """
    return _stand_in(helper)[0]


def consume(
    consumer: Consumer | Callable[[], Consumer],
    given: Iterable[Given],
    topic: Topic,
    partition: int,
    attempt: int,
) -> list[Message]:
    """See `MessageHelpers.consume`."""
    log, store = _stand_in("consume")
    destinations = Destinations(topics=log, routes=routes())
    source = TopicPartition(topic.name, partition)
    deserializer = topic.deserializer or json
    messages = [
        Message(source, _record(offset, one, topic.name, destinations), deserializer)
        for offset, one in enumerate(given)
    ]
    handle = _Handle(source, messages, attempt, log=log, store=store, destinations=destinations)
    one = _made(consumer, handle)
    for start in range(0, len(messages), topic.max_messages):
        batch = messages[start : start + topic.max_messages]
        one.messages = batch
        try:
            run(one.consume)
        finally:
            one.messages = ()
        if handle.is_paused:
            break
        if not topic.manual_marks:
            handle.passed(batch[-1].offset)
    return list(handle.marked)


class _Handle:
    """A consumer's `Handle`, and the `Marks` of its transactions."""

    is_leaving = False

    def __init__(
        self,
        source: TopicPartition,
        messages: Sequence[Message],
        attempt: int,
        *,
        log: RecordedLog,
        store: AtomicStore,
        destinations: Destinations,
    ) -> None:
        self.source = source
        self.attempt = attempt
        self.marked: list[Message] = []
        self.is_paused = False
        self._messages = messages
        self._log = log
        self._store = store
        self._destinations = destinations

    def mark(self, offset: int) -> bool:
        if (transaction := transactions.current()) is not None:
            transaction.mark(self, offset)
        else:
            self.passed(offset)
        return True

    def pause(self, offset: int, seconds: float) -> None:
        self.is_paused = True

    def produce(self, record: NewRecord) -> None:
        self._destinations.ensure(record.topic)
        if (transaction := transactions.current()) is not None:
            transaction.add(record)
        else:
            self._log.write([record])

    def store(self, records: Sequence[NewRecord], offset: int) -> list[Written]:
        written = self._store.store(records)
        self.passed(offset)
        return written

    def passed(self, offset: int) -> None:
        """All up to this offset is done."""
        new = self._messages[len(self.marked) : offset + 1]
        self.marked += new
        self._log.marked += new


def _stand_in(helper: str) -> tuple[RecordedLog, AtomicStore]:
    found = stand_in()
    if found is None or not isinstance(found.log, RecordedLog):
        raise ArgumentError(
            f"{helper} was used where no messages are recorded: use it in a test of JobTestCase, "
            f"with the fixture `jobs`, or in the block of recorded_jobs()."
        )
    return found.log, found.atomic


def _made(consumer: Consumer | Callable[[], Consumer], handle: _Handle) -> Consumer:
    one = consumer if isinstance(consumer, Consumer) else consumer()
    if "_handle" in vars(one):
        one._handle = handle  # pyright: ignore[reportPrivateUsage] -- not for users
    else:
        one._take_handle(handle)  # pyright: ignore[reportPrivateUsage]
    return one


def _record(offset: int, given: Given, topic: str, destinations: Destinations) -> Record:
    if isinstance(given, Message):
        old = given.record
        return Record(offset, old.value, old.key, old.headers, old.timestamp)
    message = given if isinstance(given, Mapping) else {"payload": given}
    new = record_of(check({"topic": topic, **message}), topic, destinations)
    made = int(clock.now() * 1000) if new.timestamp is None else new.timestamp
    return Record(offset, new.value, new.key, new.headers, made)
