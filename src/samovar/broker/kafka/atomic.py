"""The port's AtomicProducer on librdkafka's transactions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Message
from confluent_kafka import Producer as Client
from confluent_kafka import TopicPartition as KafkaPartition

from samovar.broker.kafka import failures, forks
from samovar.broker.port import NO_MARKS, NewRecord, TopicPartition, Written
from samovar.errors import AssignmentLostError, BrokerError, DeliveryFailedError, FencedError
from samovar.support import clock

#: One wait for an answer of the transaction's coordinator, in seconds.
ANSWER_SECONDS = 10.0
#: How long a step is tried again while the broker says that this may help, in seconds.
PATIENCE_SECONDS = 45.0
#: Records are given up before their transaction is: by this part of its time.
MESSAGE_PART = 0.5

#: What became of a record, and where it is; without a message it never left.
_Report = tuple[KafkaError | None, Message | None]
#: What librdkafka says of a record only because another one spoilt the transaction.
_BYSTANDERS = frozenset({KafkaError._PURGE_QUEUE, KafkaError._PURGE_INFLIGHT})


class KafkaAtomicProducer:
    """A transaction for each call. The broker fences by the transactional id."""

    def __init__(self, properties: Mapping[str, Any], name: str, patience: float) -> None:
        """A transaction that is left open holds up every reader of its topics, and who takes over
        the partitions that it marks; after `patience` seconds the broker ends it.
        """
        self._name = name
        self._properties = {
            **properties,
            "transactional.id": name,
            "enable.idempotence": True,
            "acks": "all",
            "transaction.timeout.ms": int(patience * 1000),
            "message.timeout.ms": int(patience * 1000 * MESSAGE_PART),
        }
        self._client: Client | None = None
        forks.register(self)

    def produce_atomically(
        self,
        records: Sequence[NewRecord],
        marks: Mapping[TopicPartition, int] = NO_MARKS,
        member: object = None,
    ) -> list[Written]:
        """See the port."""
        client = self._client or self._connect()
        reports: list[_Report | None] = [None] * len(records)
        try:
            client.begin_transaction()
            for index, record in enumerate(records):
                _produce(client, record, _keep(reports, index))
            if marks:
                positions = [KafkaPartition(*source, offset) for source, offset in marks.items()]
                self._patiently(partial(client.send_offsets_to_transaction, positions, member))
            self._patiently(client.commit_transaction)
        except KafkaException as error:
            raise self._undo(client, records, reports, failures.reason(error)) from error
        except BaseException:
            # What the client does not even take, as a time beyond all bounds; or we are stopped.
            with suppress(KafkaException):
                client.abort_transaction(ANSWER_SECONDS)
            self._client = None
            raise
        return [_place(report, record) for report, record in zip(reports, records, strict=True)]

    def close(self) -> None:
        """See the port."""
        self._client = None

    def forked(self) -> None:
        """This is a child process: its parent's client is kept out of use, for ever."""
        forks.abandon(self._client)
        self._client = None

    def _connect(self) -> Client:
        try:
            client = Client(self._properties)
            self._patiently(client.init_transactions)
        except KafkaException as error:
            doing = f"Beginning to write as {self._name!r}"
            raise failures.translated(failures.reason(error), doing) from error
        self._client = client
        return client

    def _patiently(self, step: Callable[[float], None]) -> None:
        until = clock.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                step(ANSWER_SECONDS)
            except KafkaException as error:
                if not failures.reason(error).retriable() or clock.monotonic() > until:
                    raise
            else:
                return

    def _undo(
        self,
        client: Client,
        records: Sequence[NewRecord],
        reports: Sequence[_Report | None],
        error: KafkaError,
    ) -> BrokerError:
        """Abort what can be aborted, else forget the client; the error to raise."""
        failure = self._error(records, reports, error)
        if failures.is_fatal(error) or isinstance(failure, FencedError):
            self._client = None
            return failure
        try:
            self._patiently(client.abort_transaction)
        except KafkaException as again:
            self._client = None
            return failures.translated(failures.reason(again), f"Aborting as {self._name!r}")
        # Reports of records that were refused come at the latest with the abort.
        failure = self._error(records, reports, error)
        if isinstance(failure, DeliveryFailedError):
            # The client has counted what the broker refused: its next records would be refused too.
            self._client = None
        return failure

    def _error(
        self,
        records: Sequence[NewRecord],
        reports: Sequence[_Report | None],
        error: KafkaError,
    ) -> BrokerError:
        """The record that was refused, if one was; else what the transaction ended with."""
        for report, record in zip(reports, records, strict=True):
            refusal = report[0] if report else None
            if refusal is not None and refusal.code() not in _BYSTANDERS:
                failure = failures.translated(refusal, f"Writing to {record.topic!r}")
                if type(failure) is BrokerError:
                    return failures.undelivered(refusal, record.topic)
                return failure
        doing = f"Writing {len(records)} records as {self._name!r}"
        if error.code() in failures.STALE_MEMBER:
            return AssignmentLostError(f"{doing}: {error.str()} ({error.name()}); none is stored.")
        return failures.translated(error, doing)


def _keep(
    reports: list[_Report | None], index: int
) -> Callable[[KafkaError | None, Message | None], None]:
    def keep(error: KafkaError | None, message: Message | None) -> None:
        reports[index] = (error, message)

    return keep


def _produce(
    client: Client, record: NewRecord, report: Callable[[KafkaError | None, Message | None], None]
) -> None:
    while True:
        try:
            client.produce(
                record.topic,
                record.value,
                record.key,
                -1 if record.partition is None else record.partition,
                report,
                timestamp=record.timestamp or 0,
                headers=list(record.headers) or None,
            )
        except BufferError:
            client.poll(0.1)
        except KafkaException as error:
            # Refused on the spot, as for its size: as good as a report.
            report(failures.reason(error), None)
            raise
        else:
            return


def _place(report: _Report | None, record: NewRecord) -> Written:
    message = report[1] if report is not None else None
    partition, offset = (None, None) if message is None else (message.partition(), message.offset())
    if partition is None or offset is None:
        raise BrokerError(f"Kafka did not say where a record for {record.topic!r} was stored.")
    return Written(TopicPartition(record.topic, partition), offset)
