"""The port's ShareConsumer on librdkafka. Only the thread that made it may use it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import confluent_kafka
from confluent_kafka import KafkaException
from confluent_kafka import TopicPartition as KafkaPartition

from samovar import events
from samovar.broker.kafka import failures, forks, headers
from samovar.broker.kafka.polled import check_error, report_error
from samovar.broker.port import Delivery, Record, TopicPartition
from samovar.errors import BrokerError, ConfigurationError
from samovar.support import clock

#: librdkafka's share consumer; None where the installed client is too old to have one.
Client: Any = getattr(confluent_kafka, "ShareConsumer", None)
#: Why there is none.
TOO_OLD = (
    f"Share groups need confluent-kafka 2.15 or newer, and {confluent_kafka.__version__} is "
    f"installed. Install a newer one, or take share_group=True off the topic."
)
#: Longest single wait inside librdkafka, in seconds: how late `wake` is heard.
SLICE_SECONDS = 0.2


class KafkaShareConsumer:
    """A member of a Kafka share group (KIP-932)."""

    def __init__(self, properties: Mapping[str, Any]) -> None:
        """A new member.

        Raises:
            ConfigurationError: the client that is installed knows no share groups.
        """
        if Client is None:
            raise ConfigurationError(TOO_OLD)
        self._accepted = confluent_kafka.AcknowledgeType.ACCEPT
        try:
            self._client: Any = Client({**properties, "error_cb": report_error})
        except (KafkaException, ValueError) as error:
            raise BrokerError(f"The share consumer could not be made: {error}") from error
        self._client.set_acknowledgement_commit_callback(_on_commit)
        #: Whether this is a forked child, where the client is of no use.
        self._is_forked = False
        #: Set by `wake`, from any thread.
        self._woken = False
        forks.register(self)

    def subscribe(self, topics: Sequence[str]) -> None:
        """See the port."""
        self._check_process()
        self._client.subscribe(list(topics))

    def poll(self, timeout: float) -> list[Delivery]:
        """See the port. librdkafka's poll cannot be interrupted, so ours is made of short ones."""
        self._check_process()
        until = clock.monotonic() + timeout
        while True:
            left = until - clock.monotonic()
            found = self._taken(max(0.0, min(left, SLICE_SECONDS)))
            if found or self._woken or left <= 0:
                self._woken = False
                return found

    def accept(self, deliveries: Iterable[Delivery]) -> None:
        """See the port."""
        self._check_process()
        for delivery in deliveries:
            place = *delivery.source, delivery.record.offset
            try:
                self._client.acknowledge_offset(*place, self._accepted)
            except KafkaException as error:
                # This one comes again; the others are not to come again with it.
                doing = f"Acknowledging {place[0]}[{place[1]}]@{place[2]}"
                report = failures.translated(failures.reason(error), doing)
                events.announce("broker.error", error=report)
        try:
            self._client.commit_async()
        except KafkaException as error:
            raise failures.translated(failures.reason(error), "Acknowledging") from error

    def wake(self) -> None:
        """See the port."""
        self._woken = True

    def close(self) -> None:
        """See the port."""
        self._check_process()
        self._client.close()

    def forked(self) -> None:
        """This is a child process: the membership is its parent's, and stays out of use here."""
        forks.abandon(self._client)
        self._is_forked = True

    def _taken(self, timeout: float) -> list[Delivery]:
        try:
            messages = list(self._client.poll(timeout))
        except KafkaException as error:
            raise failures.translated(failures.reason(error), "Polling") from error
        found: list[Delivery] = []
        for message, theirs in zip(messages, headers.of(messages), strict=True):
            if (error := message.error()) is not None:
                check_error(error)
                continue
            source = TopicPartition(message.topic(), message.partition())
            at, (_, written) = message.offset(), message.timestamp()
            record = Record(at, message.value(), message.key(), theirs, written)
            found.append(Delivery(source, record, message.delivery_count() or 1))
        return found

    def _check_process(self) -> None:
        if self._is_forked:
            raise BrokerError(
                "This Kafka consumer belongs to another process. "
                "Make another one in a forked process."
            )


def _on_commit(
    offsets: Mapping[KafkaPartition, Iterable[int]], error: KafkaException | None
) -> None:
    """Report what was acknowledged after its lock had ended: another member has the record now."""
    if error is None:
        return
    places = ", ".join(
        f"{p.topic}[{p.partition}]@{offset}"
        for p, refused in offsets.items()
        for offset in sorted(refused)[:10]
    )
    report = failures.translated(
        failures.reason(error), f"Acknowledging {places} came too late, or was refused"
    )
    events.announce("broker.error", error=report)
