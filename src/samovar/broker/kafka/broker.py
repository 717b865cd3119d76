"""The port's Broker on a Kafka cluster."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from confluent_kafka import Consumer as Client

from samovar.broker.kafka import share_consumer
from samovar.broker.kafka.admin import KafkaAdmin
from samovar.broker.kafka.atomic import KafkaAtomicProducer
from samovar.broker.kafka.consumer import KafkaConsumer
from samovar.broker.kafka.producer import KafkaProducer
from samovar.broker.kafka.refusals import refusal
from samovar.broker.kafka.settings import (
    KafkaSettings,
    admin_properties,
    consumer_properties,
    producer_properties,
    property_faults,
    share_properties,
    unique_member,
)
from samovar.broker.kafka.share_consumer import KafkaShareConsumer
from samovar.broker.port import NO_CONFIG, PLAIN, ConsumerOptions, Traits
from samovar.errors import ConfigurationError

#: Seconds between two commits unless the settings say otherwise. With half a million jobs a commit
#: every 50 ms took neither time nor processor time that differed from those of one a second.
COMMIT_SECONDS = 0.05


class KafkaBroker:
    """A Kafka cluster. Making one connects to nothing.

    A crash of a worker repeats what was running plus what finished since the last commit
    (`commit_interval` seconds); nothing is lost.
    """

    #: An older confluent-kafka has no share consumer.
    traits = Traits(
        schedules=False, has_groups=True, has_share_groups=share_consumer.Client is not None
    )

    def __init__(self, settings: KafkaSettings, *, commit_interval: float = COMMIT_SECONDS) -> None:
        self._settings = settings
        self._commit_interval = commit_interval

    def producer(
        self, *, patient: bool = False, topic_config: Mapping[str, Any] = NO_CONFIG
    ) -> KafkaProducer:
        """A new producer; it connects on first use. Weaker acks make it one that is not
        idempotent; a `message.timeout.ms` of its own ends a patient one's patience.

        Raises:
            ConfigurationError: the settings refuse what `topic_config` asks.
        """
        patience = {"message.timeout.ms": 0} if patient else {}
        return KafkaProducer(producer_properties(self._settings, {**patience, **topic_config}))

    def atomic_producer(self, name: str, *, patience: float = 60.0) -> KafkaAtomicProducer:
        """A new producer whose transactional id is `name`; it connects on first use."""
        return KafkaAtomicProducer(producer_properties(self._settings), name, patience)

    def consumer(self, group: str, options: ConsumerOptions = PLAIN) -> KafkaConsumer:
        """A new member for `group`, owned by the calling thread."""
        properties = consumer_properties(
            self._settings,
            group=group,
            commit_interval=self._commit_interval,
            initial_offset=options.initial_offset,
            overrides=options.properties,
        )
        return KafkaConsumer(unique_member(properties, options.member))

    def share_consumer(
        self, group: str, options: ConsumerOptions, records: int
    ) -> KafkaShareConsumer:
        """A new member for the share group `group`, owned by the calling thread."""
        properties = share_properties(
            self._settings, group=group, records=records, overrides=options.properties
        )
        return KafkaShareConsumer(properties)

    def consumer_faults(self, options: ConsumerOptions, *, shares: bool = False) -> Sequence[str]:
        """What is wrong with these properties, by themselves and with those of the settings."""
        if shares and share_consumer.Client is None:
            return [share_consumer.TOO_OLD]
        chosen, kind = options.properties, share_consumer.Client if shares else Client
        alone = {name: why for name in chosen if (why := refusal({name: chosen[name]}, kind))}
        if faults := alone | property_faults(chosen):
            return [f"{name} {why}" for name, why in faults.items()]
        if why := refusal(chosen, kind):
            return [f"{', '.join(chosen)} {why}"]
        try:
            consumer_properties(self._settings, group="-", commit_interval=1, overrides=chosen)
        except ConfigurationError as error:
            return error.faults
        return ()

    def admin(self) -> KafkaAdmin:
        """A new admin; it connects on first use."""
        reader = consumer_properties(
            self._settings,
            group=f"{self._settings.client_id}-reader",
            commit_interval=self._commit_interval,
            overrides={"group.protocol": "classic", "enable.partition.eof": True},
        )
        return KafkaAdmin(admin_properties(self._settings), reader)


def open_broker(settings: KafkaSettings, *, commit_interval: float | None) -> KafkaBroker:
    """The broker of these settings."""
    return KafkaBroker(settings, commit_interval=commit_interval or COMMIT_SECONDS)
