"""The port's Producer on librdkafka: idempotent, made on first use, made anew after a fork."""

from __future__ import annotations

import sys
import threading
import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Message
from confluent_kafka import Producer as Client

from samovar import events
from samovar.broker.kafka import failures, forks
from samovar.broker.port import NewRecord, TopicPartition, Written
from samovar.errors import (
    BrokerError,
    DeliveryUnknownError,
    QueueFullError,
    RecordTooLargeError,
)
from samovar.support import clock

#: How long `produce` waits while the local buffer is full, in seconds.
FULL_SECONDS = 10.0
#: One wait of it.
FULL_STEP_SECONDS = 0.1
#: How often delivery reports are asked for while nobody produces, in seconds.
IDLE_POLL_SECONDS = 0.1
#: While records are produced, reports are asked for after this many of them.
POLL_EVERY = 64
#: `produce_sync` waits this much longer than librdkafka tries, so that its answer is final.
SYNC_MARGIN_SECONDS = 30.0
#: How long `produce_sync` waits when librdkafka tries without end.
PATIENT_SYNC_SECONDS = 180.0
#: How long a process that multiprocessing started waits at its end for what is undelivered.
CHILD_EXIT_SECONDS = 10.0


class Flight:
    """Records that were handed over between two barriers, and how many are still out.

    A `Barrier`: a flight that nothing is added to any more has passed when it is empty and
    every flight before it has passed.
    """

    __slots__ = ("_lock", "before", "out")

    def __init__(self, lock: threading.Lock, before: Flight | None) -> None:
        self._lock = lock
        self.before = before
        self.out = 0

    @property
    def passed(self) -> bool:
        """Whether each record up to here was delivered, or has failed and was reported."""
        with self._lock:
            while self.before is not None and self.before.is_empty:
                self.before = self.before.before
            return self.out == 0 and self.before is None

    @property
    def is_empty(self) -> bool:
        """Whether none of its own records is out."""
        return self.out == 0

    def reported(self, error: KafkaError | None, message: Message) -> None:
        """One record's delivery report."""
        with self._lock:
            self.out -= 1
        if error is not None:
            _tell(error, message)


class KafkaProducer:
    """Hands records to librdkafka, which sends them in batches. Any thread may call it."""

    #: Kafka has no place for records that are due later.
    schedules = False

    def __init__(self, properties: Mapping[str, Any]) -> None:
        self._properties = dict(properties)
        tries = float(self._properties.get("message.timeout.ms", 300_000)) / 1000
        self._sync_seconds = tries + SYNC_MARGIN_SECONDS if tries else PATIENT_SYNC_SECONDS
        self._largest = int(self._properties.get("message.max.bytes", 1_000_000))
        self._reset()
        forks.tell(self)

    def produce(self, record: NewRecord) -> None:
        """See the port. Reports of earlier records are served here, in the caller's thread:
        a thread of its own would fight for the interpreter's lock with every report.
        """
        client = self._client or self._connect()
        with self._lock:
            flight = self._flight
            flight.out += 1
            self._since_poll += 1
        try:
            self._hand_over(client, record, flight.reported)
        except BaseException:
            with self._lock:
                flight.out -= 1
            raise
        if self._since_poll >= POLL_EVERY:
            self._since_poll = 0
            client.poll(0)

    def produce_many(self, records: Sequence[NewRecord]) -> Mapping[int, BrokerError]:
        """See the port. A record that is refused for what it is does not keep back the others; a
        full buffer or a client that fails for good keeps back all that come behind.
        """
        self._check_sizes(records)
        client = self._client or self._connect()
        with self._lock:
            flight = self._flight
            flight.out += len(records)
        refused: dict[int, BrokerError] = {}
        handed = 0
        try:
            for index, record in enumerate(records):
                try:
                    self._hand_over(client, record, flight.reported)
                except BrokerError as error:
                    refused[index] = error
                    if isinstance(error, QueueFullError) or self._client is not client:
                        refused.update(dict.fromkeys(range(index + 1, len(records)), error))
                        break
                    continue
                handed += 1
                if not handed % POLL_EVERY:
                    client.poll(0)
        finally:
            if handed != len(records):
                with self._lock:
                    flight.out -= len(records) - handed
        client.poll(0)
        if refused and not handed:
            raise refused[0]
        return refused

    def _check_sizes(self, records: Sequence[NewRecord]) -> None:
        """Refuse a bulk for a record that is too large before any of it is handed over."""
        for record in records:
            if record.value is not None and len(record.value) > self._largest:
                raise RecordTooLargeError(
                    f"A record for {record.topic!r} has {len(record.value)} bytes, and "
                    f"message.max.bytes is {self._largest}; none of the bulk was sent."
                )

    def produce_sync(self, records: Sequence[NewRecord]) -> list[Written]:
        """See the port. Waits longer than librdkafka tries: no answer means that none came."""
        client = self._client or self._connect()
        answers: list[tuple[KafkaError | None, Message] | None] = [None] * len(records)
        left = len(records)

        def answer(index: int) -> Callable[[KafkaError | None, Message], None]:
            def report(error: KafkaError | None, message: Message) -> None:
                nonlocal left
                answers[index] = (error, message)
                with self._lock:
                    left -= 1

            return report

        for index, record in enumerate(records):
            self._hand_over(client, record, answer(index))
        until = clock.monotonic() + self._sync_seconds
        while left and clock.monotonic() < until:
            client.poll(0.05)
        return [_written(answer, record) for answer, record in zip(answers, records, strict=True)]

    def cancel_scheduled(self, key: str) -> bool:
        """See the port: nothing ever waits."""
        return False

    def barrier(self) -> Flight:
        """See the port."""
        with self._lock:
            sealed = self._flight
            if sealed.out or sealed.before is not None:
                self._flight = Flight(self._lock, sealed)
            return sealed

    def flush(self, timeout: float) -> int:
        """See the port."""
        client = self._client
        if client is None:
            return 0
        return client.flush(timeout)

    def close(self, timeout: float) -> int:
        """See the port. A closed producer connects again when it is used again."""
        left = self.flush(timeout)
        self._stop_polling.set()
        self._reset()
        return left

    def _reset(self) -> None:
        """Forget the client. In a forked child it is dead, and must not even be closed."""
        self._lock = threading.Lock()
        self._client: Client | None = None
        #: Guarded by `_lock`.
        self._flight = Flight(self._lock, None)
        self._since_poll = 0
        self._stop_polling = threading.Event()

    def forked(self) -> None:
        """This is a child process: its parent's client is kept out of use, for ever."""
        forks.abandon(self._client)
        self._reset()

    def _connect(self) -> Client:
        with self._lock:
            if self._client is None:
                try:
                    self._client = Client(self._properties)
                except KafkaException as error:
                    doing = "The Kafka producer could not be made"
                    raise failures.translated(failures.reason(error), doing) from error
                poller = threading.Thread(
                    target=_poll_while_idle,
                    args=(weakref.ref(self), self._stop_polling),
                    name="samovar-delivery",
                    daemon=True,
                )
                poller.start()
                self._flush_at_the_end_of_a_child()
            return self._client

    def _flush_at_the_end_of_a_child(self) -> None:
        """Processes that multiprocessing forked end without `atexit`: it has a way of its own."""
        multiprocessing = sys.modules.get("multiprocessing.util")
        if multiprocessing is not None:
            multiprocessing.Finalize(self, self.flush, (CHILD_EXIT_SECONDS,), exitpriority=10)

    def serve_reports(self) -> None:
        """Serve what reports there are; for the poller, which runs when nobody produces."""
        client = self._client
        if client is not None:
            client.poll(0)

    def _hand_over(
        self,
        client: Client,
        record: NewRecord,
        report: Callable[[KafkaError | None, Message], None],
    ) -> None:
        try:
            self._produce(client, record, report)
        except BufferError:
            self._wait_for_room(client, record, report)
        except KafkaException as error:
            if failures.is_fatal(failures.reason(error)):
                self._give_up(client)
            raise failures.undelivered(failures.reason(error), record.topic) from error

    def _give_up(self, client: Client) -> None:
        """A fatal error makes a client useless for good: the next record gets a new one. What
        the old one still held is reported as undelivered.
        """
        with self._lock:
            if self._client is client:
                self._client = None
        client.purge()
        client.flush(FULL_STEP_SECONDS)

    def _produce(self, client: Client, record: NewRecord, report: Any) -> None:
        if record.key is None and record.partition is None and not record.headers:
            client.produce(record.topic, record.value, on_delivery=report)
            return
        client.produce(
            record.topic,
            record.value,
            record.key,
            -1 if record.partition is None else record.partition,
            report,
            headers=list(record.headers) or None,
        )

    def _wait_for_room(self, client: Client, record: NewRecord, report: Any) -> None:
        until = clock.monotonic() + FULL_SECONDS
        while clock.monotonic() < until:
            client.poll(FULL_STEP_SECONDS)
            try:
                self._produce(client, record, report)
            except BufferError:
                continue
            return
        raise QueueFullError(
            f"The producer's buffer stayed full for {FULL_SECONDS:.0f} s; a record for "
            f"{record.topic!r} was not sent. Is the broker reachable? A larger "
            f"queue.buffering.max.messages bridges longer outages."
        )


def _poll_while_idle(reference: weakref.ref[KafkaProducer], stopped: threading.Event) -> None:
    while not stopped.wait(IDLE_POLL_SECONDS):
        producer = reference()
        if producer is None:
            return
        producer.serve_reports()
        del producer


def _written(answer: tuple[KafkaError | None, Message] | None, record: NewRecord) -> Written:
    if answer is None:
        raise DeliveryUnknownError(
            f"No answer for a record for {record.topic!r} in time: it may be stored all the same."
        )
    error, message = answer
    if error is not None:
        raise failures.undelivered(error, record.topic)
    partition, offset = message.partition(), message.offset()
    if partition is None or offset is None:
        raise BrokerError(f"Kafka did not say where a record for {record.topic!r} was stored.")
    return Written(TopicPartition(record.topic, partition), offset)


def _tell(error: KafkaError, message: Message) -> None:
    topic = message.topic() or "?"
    failure = failures.undelivered(error, topic)
    events.announce("producer.failed", topic=topic, error=failure, count=1)
