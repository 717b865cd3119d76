"""The port's Producer on librdkafka: idempotent, made on first use, made anew after a fork."""

from __future__ import annotations

import sys
import threading
import time
import weakref
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Message
from confluent_kafka import Producer as Client

from samovar import events
from samovar.broker.kafka import failures, forks
from samovar.broker.kafka.singles import Report, Singles
from samovar.broker.port import Headers, NewRecord, Told, TopicPartition, Written
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
#: One wait of it.
SYNC_STEP_SECONDS = 0.01
#: How long `produce_sync` waits when librdkafka tries without end.
PATIENT_SYNC_SECONDS = 180.0
#: How long a process that multiprocessing started waits at its end for what is undelivered.
CHILD_EXIT_SECONDS = 10.0


class Flight:
    """Records that were handed over between two barriers, and how many are still out.

    A `Barrier`: a flight that nothing is added to any more has passed when it is empty and
    every flight before it has passed.
    """

    __slots__ = ("_lock", "_singles", "before", "out")

    def __init__(self, lock: threading.Lock, before: Flight | None, singles: Singles) -> None:
        self._lock = lock
        self._singles = singles
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

    @property
    def outstanding(self) -> int:
        """How many records are out, those of the flights before it among them."""
        total, flight = 0, self
        while flight is not None:
            total, flight = total + flight.out, flight.before
        return total

    def reported(self, error: KafkaError | None, message: Message, headers: Headers = ()) -> None:
        """The delivery report of one record, which had these headers."""
        if error is None:
            self.settled()
        elif not self.sends_again(error, message, headers, self._failed):
            self._failed(error, message)

    def sends_again(
        self, error: KafkaError, message: Message, headers: Headers, report: Report
    ) -> bool:
        """Whether the record is sent once more, because another one may have been too large; what
        then becomes of it is told to `report`.
        """
        return failures.is_too_large(error) and self._singles.send(message, headers, report)

    def report_of(self, record: NewRecord) -> Report:
        """What hears of this record."""
        if record.headers:
            return partial(self.reported, headers=record.headers)
        return self.reported

    def _failed(self, error: KafkaError | None, message: Message) -> None:
        self.settled()
        if error is not None:
            _tell(error, message)

    def settled(self) -> None:
        """One record is out no more."""
        with self._lock:
            self.out -= 1


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
            self._hand_over(client, record, flight.report_of(record))
        except BaseException:
            with self._lock:
                flight.out -= 1
            raise
        if self._since_poll >= POLL_EVERY:
            self._since_poll = 0
            self._serve(client)

    def produce_many(self, records: Sequence[NewRecord]) -> Mapping[int, BrokerError]:
        """See the port. A record that is refused for what it is does not keep back the others; a
        full buffer keeps back all that come behind.
        """
        return self._produce_all(records, None)

    def _produce_all(
        self, records: Sequence[NewRecord], told: Told | None
    ) -> Mapping[int, BrokerError]:
        self._check_sizes(records)
        client = self._client or self._connect()
        with self._lock:
            flight = self._flight
            flight.out += len(records)
        refused: dict[int, BrokerError] = {}
        handed = 0
        try:
            for index, record in enumerate(records):
                if told is not None:
                    report = _Telling(flight, told, index, record).reported
                else:
                    report = flight.report_of(record)
                try:
                    client = self._hand_over(client, record, report)
                except BrokerError as error:
                    refused[index] = error
                    if isinstance(error, QueueFullError):
                        refused.update(dict.fromkeys(range(index + 1, len(records)), error))
                        break
                    continue
                handed += 1
                if not handed % POLL_EVERY:
                    self._serve(client)
        finally:
            if handed != len(records):
                with self._lock:
                    flight.out -= len(records) - handed
        self._serve(client)
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

    def produce_each(self, records: Sequence[NewRecord], told: Told) -> Mapping[int, BrokerError]:
        """See the port."""
        return self._produce_all(records, told)

    def produce_sync(
        self, records: Sequence[NewRecord], timeout: float | None = None
    ) -> list[Written]:
        """See the port. Waits longer than librdkafka tries: no answer means that none came."""
        answers: list[Written | BrokerError | None] = [None] * len(records)
        for index, error in self.produce_each(records, answers.__setitem__).items():
            answers[index] = error
        self.wait_until(lambda: None not in answers, timeout)
        return [_written(answer, record) for answer, record in zip(answers, records, strict=True)]

    def wait_until(self, condition: Callable[[], bool], timeout: float | None = None) -> bool:
        """See the port."""
        until = clock.monotonic() + (self._sync_seconds if timeout is None else timeout)
        while not condition():
            if clock.monotonic() >= until:
                return False
            # Short steps: several threads may wait, and one hears what another waits for.
            if (client := self._client) is not None:
                self._serve(client, SYNC_STEP_SECONDS)
            else:
                time.sleep(SYNC_STEP_SECONDS)
        return True

    def cancel_scheduled(self, key: str) -> bool:
        """See the port: nothing ever waits."""
        return False

    def barrier(self) -> Flight:
        """See the port."""
        with self._lock:
            sealed = self._flight
            if sealed.out or sealed.before is not None:
                self._flight = Flight(self._lock, sealed, self._singles)
            return sealed

    def flush(self, timeout: float) -> int:
        """See the port."""
        until = clock.monotonic() + timeout
        if (client := self._client) is not None:
            self._flush_client(client, timeout)
        self._singles.flush(max(0.0, until - clock.monotonic()))
        with self._lock:
            # Not what the clients say: they count their own errors that nobody has heard yet, too.
            return self._flight.outstanding

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
        self._singles = Singles(self._properties)
        #: Guarded by `_lock`.
        self._flight = Flight(self._lock, None, self._singles)
        self._since_poll = 0
        self._stop_polling = threading.Event()

    def forked(self) -> None:
        """This is a child process: its parent's client is kept out of use, for ever."""
        forks.abandon(self._client)
        self._singles.abandon()
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
            self._serve(client)

    def _hand_over(
        self,
        client: Client,
        record: NewRecord,
        report: Callable[[KafkaError | None, Message], None],
    ) -> Client:
        """Gives the client that took it: behind a fatal error that is a new one."""
        try:
            try:
                self._produce(client, record, report)
            except BufferError:
                self._wait_for_room(client, record, report)
        except KafkaException as error:
            if not failures.is_fatal(failures.reason(error)):
                raise failures.undelivered(failures.reason(error), record.topic) from error
            self._give_up(client, error)
            client = self._client or self._connect()
            try:
                self._produce(client, record, report)
            except (BufferError, KafkaException) as again:
                raise _restart(error) from again
        return client

    def _serve(self, client: Client, seconds: float = 0) -> None:
        """Serve delivery reports; wait for some, if none is there."""
        try:
            client.poll(seconds)
        except KafkaException as error:
            self._give_up(client, error)
        self._singles.serve()

    def _flush_client(self, client: Client, seconds: float) -> None:
        try:
            client.flush(seconds)
        except KafkaException as error:
            self._give_up(client, error)

    def _give_up(self, client: Client, error: KafkaException) -> None:
        """A fatal error makes a client useless for good; it is raised from whichever call meets it
        first. What the client still held is reported as undelivered, and the next record gets a
        new one.
        """
        with self._lock:
            is_news = self._client is client
            if is_news:
                self._client = None
        if is_news:
            events.announce("broker.error", error=_restart(error))
        client.purge()
        with suppress(KafkaException):
            client.flush(FULL_STEP_SECONDS)
        client.flush(FULL_STEP_SECONDS)

    def _produce(self, client: Client, record: NewRecord, report: Any) -> None:
        is_plain = record.key is None and record.partition is None and not record.headers
        if is_plain and record.timestamp is None:
            client.produce(record.topic, record.value, on_delivery=report)
            return
        client.produce(
            record.topic,
            record.value,
            record.key,
            -1 if record.partition is None else record.partition,
            report,
            timestamp=record.timestamp or 0,
            headers=list(record.headers) or None,
        )

    def _wait_for_room(self, client: Client, record: NewRecord, report: Any) -> None:
        until = clock.monotonic() + FULL_SECONDS
        while clock.monotonic() < until:
            self._serve(client, FULL_STEP_SECONDS)
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


class _Telling:
    """One record of which somebody is told what becomes of it."""

    __slots__ = ("_flight", "_index", "_record", "_told")

    def __init__(self, flight: Flight, told: Told, index: int, record: NewRecord) -> None:
        self._flight = flight
        self._told = told
        self._index = index
        self._record = record

    def reported(self, error: KafkaError | None, message: Message) -> None:
        """The record's delivery report."""
        if error is None or not self._flight.sends_again(
            error, message, self._record.headers, self._ended
        ):
            self._ended(error, message)

    def _ended(self, error: KafkaError | None, message: Message) -> None:
        self._told(self._index, self._outcome(error, message))
        self._flight.settled()

    def _outcome(self, error: KafkaError | None, message: Message) -> Written | BrokerError:
        topic = self._record.topic
        if error is not None:
            return failures.undelivered(error, topic)
        # Where no acknowledgement was asked for, nobody knows the offset.
        partition, offset = message.partition(), message.offset()
        return Written(
            TopicPartition(topic, -1 if partition is None else partition),
            -1 if offset is None else offset,
        )


def _written(answer: Written | BrokerError | None, record: NewRecord) -> Written:
    if answer is None:
        raise DeliveryUnknownError(
            f"No answer for a record for {record.topic!r} in time: it may be stored all the same."
        )
    if isinstance(answer, BrokerError):
        raise answer
    return answer


def _restart(error: KafkaException) -> BrokerError:
    return failures.translated(failures.reason(error), "The Kafka producer starts anew")


def _tell(error: KafkaError, message: Message) -> None:
    topic = message.topic() or "?"
    failure = failures.undelivered(error, topic)
    events.announce("producer.failed", topic=topic, error=failure, count=1)
