"""The port's Producer on librdkafka: idempotent, made on first use, made anew after a fork."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Message
from confluent_kafka import Producer as Client

from samovar import events
from samovar.broker.kafka import failures, forks, process_end
from samovar.broker.kafka.flight import Flight
from samovar.broker.kafka.singles import Singles
from samovar.broker.port import NewRecord, OnDelivery, TopicPartition, Written
from samovar.errors import (
    BrokerError,
    DeliveryUnknownError,
    ProducerClosedError,
    QueueFullError,
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


class KafkaProducer:
    """Hands records to librdkafka, which sends them in batches. Any thread may call it."""

    #: Kafka has no place for records that are due later.
    schedules = False

    def __init__(self, properties: Mapping[str, Any]) -> None:
        self._properties = dict(properties)
        tries = float(self._properties.get("message.timeout.ms", 300_000)) / 1000
        self._sync_seconds = tries + SYNC_MARGIN_SECONDS if tries else PATIENT_SYNC_SECONDS
        self._is_closed = False
        self._reset()
        forks.register(self)

    def produce(self, record: NewRecord) -> None:
        """See the port. Reports of earlier records are served here, in the caller's thread:
        a thread of its own would fight for the interpreter's lock with every report.
        """
        client = self._client or self._connect()
        flight = self._count(1)
        self._since_poll += 1
        try:
            self._hand_over(client, record, flight.report_of(record))
        except BaseException:
            flight.take_back(1)
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
        self, records: Sequence[NewRecord], on_delivery: OnDelivery | None
    ) -> Mapping[int, BrokerError]:
        client = self._client or self._connect()
        flight = self._count(len(records))
        refused: dict[int, BrokerError] = {}
        handed = 0
        try:
            for index, record in enumerate(records):
                if on_delivery is not None:
                    report = _Reporting(flight, on_delivery, index, record).reported
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
            flight.take_back(len(records) - handed)
        self._serve(client)
        if not handed and isinstance(refused.get(0), QueueFullError):
            raise refused[0]
        return refused

    def _count(self, records: int) -> Flight:
        """The flight of records that are about to be handed over, which are counted there.

        Raises:
            ProducerClosedError: the producer was closed meanwhile; none may be handed over.
        """
        while True:
            flight = self._flight
            flight.add(records)
            if self._is_closed:
                flight.take_back(records)
                raise _closed()
            if self._flight is flight:
                return flight
            flight.take_back(records)  # a barrier stands behind it by now

    def produce_each(
        self, records: Sequence[NewRecord], on_delivery: OnDelivery
    ) -> Mapping[int, BrokerError]:
        """See the port."""
        return self._produce_all(records, on_delivery)

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
                clock.sleep(SYNC_STEP_SECONDS)
        return True

    def cancel_scheduled(self, key: str) -> bool:
        """See the port: nothing ever waits."""
        return False

    def barrier(self) -> Flight:
        """See the port."""
        with self._sealing:
            sealed = self._flight
            if not sealed.out and sealed.before is None:
                # Nothing is out. That flight stays open, and would not pass while others produce.
                return Flight(None, self._singles)
            self._flight = Flight(sealed, self._singles)
            return sealed

    def flush(self, timeout: float) -> int:
        """See the port."""
        until = clock.monotonic() + timeout
        while True:
            if (client := self._client) is not None:
                self._flush_client(client, max(0.0, until - clock.monotonic()))
            self._singles.flush(max(0.0, until - clock.monotonic()))
            # Not what the clients say: they count their own errors that nobody has heard yet, too,
            # and know nothing of a record that another thread is about to hand over.
            left = self._flight.outstanding
            if not left or clock.monotonic() >= until:
                return left
            clock.sleep(SYNC_STEP_SECONDS)

    def close(self, timeout: float) -> int:
        """See the port."""
        self._is_closed = True
        left = self.flush(timeout)
        self._stop_polling.set()
        self._reset()
        return left

    def _reset(self) -> None:
        """Forget the client. In a forked child it is dead, and must not even be closed."""
        #: Re-entrant, as all that a finalizer may come by; see `Flight`.
        self._lock = threading.RLock()
        #: Guarded by `_lock`.
        self._client: Client | None = None
        self._singles = Singles(self._properties)
        #: Guards the change from one flight to the next. Nobody who produces takes it.
        self._sealing = threading.Lock()
        self._flight = Flight(None, self._singles)
        self._since_poll = 0
        self._stop_polling = threading.Event()

    def forked(self) -> None:
        """This is a child process: its parent's client is kept out of use, for ever."""
        forks.abandon(self._client)
        self._singles.abandon()
        self._reset()

    def _connect(self) -> Client:
        with self._lock:
            if self._is_closed:
                raise _closed()
            if self._client is None:
                client = self._new_client()
                # Meanwhile a finalizer may have come by in this very thread.
                if self._client is None:
                    self._client = client
                    self._start()
            return self._client

    def _new_client(self) -> Client:
        try:
            return Client(self._properties)
        except KafkaException as error:
            doing = "The Kafka producer could not be made"
            raise failures.translated(failures.reason(error), doing) from error

    def _start(self) -> None:
        poller = threading.Thread(
            target=_poll_while_idle,
            args=(weakref.ref(self), self._stop_polling),
            name="samovar-delivery",
            daemon=True,
        )
        poller.start()
        process_end.deliver_first(self)

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
        try:
            producer.serve_reports()
        except Exception as error:  # without this thread nobody would hear of a delivery any more
            events.announce("broker.error", error=error)
        del producer


class _Reporting:
    """Calls `on_delivery` for one record, once its outcome is known."""

    __slots__ = ("_flight", "_index", "_on_delivery", "_record")

    def __init__(
        self, flight: Flight, on_delivery: OnDelivery, index: int, record: NewRecord
    ) -> None:
        self._flight = flight
        self._on_delivery = on_delivery
        self._index = index
        self._record = record

    def reported(self, error: KafkaError | None, message: Message) -> None:
        """The record's delivery report."""
        if error is None or not self._flight.sends_again(
            error, message, self._record.headers, self._ended
        ):
            self._ended(error, message)

    def _ended(self, error: KafkaError | None, message: Message) -> None:
        self._on_delivery(self._index, self._outcome(error, message))
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


def _closed() -> ProducerClosedError:
    return ProducerClosedError("The producer is closed: the record was not sent.")
