"""What librdkafka is given: the `kafka` table, and the properties of each client made from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Annotated, Any

from samovar.errors import ConfigurationError
from samovar.support.conversion import COMMA_LIST, DOTTED_KEYS, NOT_BLANK, Rule

#: A value that librdkafka takes; callables are for Python only (`oauth_cb`).
PropertyValue = Annotated[
    Any,
    Rule(
        expected="a string, a number or true or false",
        holds=lambda value: isinstance(value, str | int | float) or callable(value),
    ),
]

_NO_OVERRIDES: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class KafkaSettings:
    """Settings of the Kafka broker; the table `kafka`."""

    #: Brokers to begin with: "host:port,host:port" or a list. The kafka adapter needs them.
    bootstrap_servers: Annotated[str, NOT_BLANK, COMMA_LIST] | None = None
    #: The name by which the brokers' logs know this application.
    client_id: Annotated[str, NOT_BLANK] = "samovar"
    #: Consumer group of the jobs; None takes `client_id`.
    group_id: Annotated[str, NOT_BLANK] | None = None
    #: Any other property of librdkafka; not in the repr, it may hold passwords.
    settings: Annotated[Mapping[str, PropertyValue], DOTTED_KEYS] = field(
        default_factory=dict[str, Any], repr=False
    )

    @property
    def group(self) -> str:
        """The consumer group in force."""
        return self.group_id or self.client_id


def consumer_properties(
    kafka: KafkaSettings,
    *,
    group: str,
    commit_interval: float,
    initial_offset: str = "earliest",
    overrides: Mapping[str, Any] = _NO_OVERRIDES,
) -> dict[str, Any]:
    """Properties of a consumer in `group`. `overrides` beat the settings, unchecked on their own.

    Raises:
        ConfigurationError: the settings, alone or with the overrides, refuse each other.
    """
    chosen = _chosen(kafka, overrides)
    own: dict[str, Any] = {
        **_common(kafka),
        "group.id": group,
        "group.protocol": "classic",  # librdkafka means to change its default
        "auto.offset.reset": "earliest",
        "enable.auto.commit": True,
        "auto.commit.interval.ms": max(1, round(commit_interval * 1000)),
        "enable.auto.offset.store": False,
        # librdkafka's second of waiting, whenever its local queue is full, starves a fast loop.
        "fetch.queue.backoff.ms": 10,
        # What is fetched ahead waits in memory; librdkafka's 64 MB and 100,000 records help nobody.
        "queued.max.messages.kbytes": 8192,
        # What one broker answers at once comes on top of that.
        "fetch.max.bytes": 8_388_608,
        "queued.min.messages": 10_000,
        # How soon partitions that were added, and topics that were made again, are seen.
        "topic.metadata.refresh.interval.ms": 10_000,
    }
    if not _is_new_protocol(chosen):
        own["partition.assignment.strategy"] = "cooperative-sticky"
        # A rebalance lasts until the last member has learnt of it from the answer to a heartbeat.
        # Until then the partitions that move wait, and so does a worker that stops.
        own["heartbeat.interval.ms"] = 250
    if initial_offset != "earliest" and "auto.offset.reset" not in _canonical(overrides):
        # What a topic says beats the settings; "earliest" is also what a silent topic says.
        chosen["auto.offset.reset"] = initial_offset
    return _without(_PRODUCER_ONLY, own | chosen)


def share_properties(
    kafka: KafkaSettings,
    *,
    group: str,
    records: int,
    overrides: Mapping[str, Any] = _NO_OVERRIDES,
) -> dict[str, Any]:
    """Properties of a share consumer in `group` that asks for `records` records at a time. Of the
    settings, which are for every client, those of other consumers are left out.

    Raises:
        ConfigurationError: the settings, alone or with the overrides, refuse each other.
    """
    own: dict[str, Any] = {
        **_common(kafka),
        "group.id": group,
        "share.acknowledgement.mode": "explicit",
        "max.poll.records": records,
        # Its thread lives while a job runs, however long; the lock of the record is the limit.
        "max.poll.interval.ms": 86_400_000,
        "topic.metadata.refresh.interval.ms": 10_000,
    }
    chosen = _without(_PLAIN_CONSUMER_ONLY, _chosen(kafka, _NO_OVERRIDES))
    return _without(_PRODUCER_ONLY, own | chosen | _canonical(overrides))


def unique_member(properties: Mapping[str, Any], member: str) -> dict[str, Any]:
    """The properties with a static member's id that no other consumer of these settings has."""
    name = "group.instance.id"
    if name not in properties or not member:
        return dict(properties)
    return {**properties, name: f"{properties[name]}_{member}"}


def producer_properties(
    kafka: KafkaSettings, overrides: Mapping[str, Any] = _NO_OVERRIDES
) -> dict[str, Any]:
    """Properties of a producer. `overrides` that weaken acks turn idempotence off with them.

    Raises:
        ConfigurationError: the settings, alone or with the overrides, refuse each other.
    """
    own = {
        **_common(kafka),
        "acks": "all",
        "enable.idempotence": True,
        "linger.ms": 1,
        # Jobs of one partition wait for each other: those without a key go all over the topic.
        "sticky.partitioning.linger.ms": 0,
        "message.timeout.ms": 150_000,
        "queue.buffering.max.messages": 100_000,
    }
    varied = _canonical(overrides)
    if "acks" in varied and not _are_all(varied["acks"]):
        varied.setdefault("enable.idempotence", False)
    return _without(_CONSUMER_ONLY, own | _chosen(kafka, varied))


def admin_properties(kafka: KafkaSettings) -> dict[str, Any]:
    """Properties of an admin client: what is neither a producer's nor a consumer's own.

    Raises:
        ConfigurationError: the settings refuse each other.
    """
    own = _common(kafka) | _chosen(kafka, _NO_OVERRIDES)
    return _without(_PRODUCER_ONLY | _CONSUMER_ONLY, own)


def property_faults(settings: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong with a mapping of librdkafka's properties, by property: each goes on from
    the property's name, as in "... belongs to the engine".
    """
    refused = {name: _REFUSED.get(_ALIASES.get(name, name), "") for name in settings}
    return {name: why for name, why in refused.items() if why} | _clashes(settings)


#: How to mend a missing `bootstrap_servers`.
BOOTSTRAP_MISSING = (
    "kafka.bootstrap_servers is missing; the kafka adapter needs it: set bootstrap_servers in the "
    "table kafka of samovar.toml, or SAMOVAR_KAFKA__BOOTSTRAP_SERVERS, to something like "
    "'localhost:9092'."
)


def _common(kafka: KafkaSettings) -> dict[str, Any]:
    if kafka.bootstrap_servers is None:
        raise ConfigurationError(BOOTSTRAP_MISSING)
    return {
        "bootstrap.servers": kafka.bootstrap_servers,
        "client.id": kafka.client_id,
        "socket.nagle.disable": True,
        # What it reports comes as an event too; its own lines on standard error are only noise.
        "log_level": 2,
    }


def _chosen(kafka: KafkaSettings, overrides: Mapping[str, Any]) -> dict[str, Any]:
    """The user's properties under their canonical names, checked."""
    chosen = _canonical(kafka.settings) | _canonical(overrides)
    faults = property_faults(kafka.settings) | _clashes(chosen)
    if faults:
        raise ConfigurationError([f"kafka.settings: {name} {why}" for name, why in faults.items()])
    return chosen


def _clashes(settings: Mapping[str, Any]) -> dict[str, str]:
    """Properties that librdkafka refuses side by side."""
    chosen = _canonical(settings)
    faults: dict[str, str] = {}
    protocol = str(chosen.get("group.protocol", "classic"))
    if protocol.lower() not in ("classic", "consumer"):
        faults["group.protocol"] = f"is {protocol!r}; expected classic or consumer."
    if (level := str(chosen.get("isolation.level", "read_committed"))) != "read_committed":
        faults["isolation.level"] = (
            f"is {level!r}; expected read_committed: what a transaction took back would be "
            "performed."
        )
    if _is_new_protocol(chosen):
        why = "cannot stand beside group.protocol = consumer, where the brokers decide it; drop it."
        faults |= {name: why for name in settings if name in _CLASSIC_ONLY}
    if not _are_all(chosen.get("acks", "all")) and not _is_off(chosen.get("enable.idempotence")):
        name = "acks" if "acks" in settings else "request.required.acks"
        faults[name] = (
            f"is {chosen['acks']!r}, which an idempotent producer refuses; expected all, or "
            "enable.idempotence = false beside it."
        )
    return faults


def _is_new_protocol(chosen: Mapping[str, Any]) -> bool:
    return str(chosen.get("group.protocol")).lower() == "consumer"


def _are_all(acks: Any) -> bool:
    return str(acks).lower() in ("all", "-1")


def _is_off(value: Any) -> bool:
    return str(value).lower() in ("false", "f", "0")  # librdkafka's own spellings


def _canonical(settings: Mapping[str, Any]) -> dict[str, Any]:
    """One name for each property: of two aliases librdkafka would take either."""
    return {_ALIASES.get(name, name): value for name, value in settings.items()}


def _without(names: frozenset[str], properties: Mapping[str, Any]) -> dict[str, Any]:
    """librdkafka warns of each property that is meant for the other kind of client."""
    return {name: value for name, value in properties.items() if name not in names}


_ALIASES = {
    "auto.commit.enable": "enable.auto.commit",
    "compression.codec": "compression.type",
    "delivery.timeout.ms": "message.timeout.ms",
    "fetch.message.max.bytes": "max.partition.fetch.bytes",
    "max.in.flight": "max.in.flight.requests.per.connection",
    "message.send.max.retries": "retries",
    "metadata.broker.list": "bootstrap.servers",
    "queue.buffering.max.ms": "linger.ms",
    "request.required.acks": "acks",
}

_REFUSED = {
    "auto.commit.interval.ms": "has a setting of its own: worker.commit_interval.",
    "bootstrap.servers": "has a setting of its own: kafka.bootstrap_servers.",
    "client.id": "has a setting of its own: kafka.client_id.",
    "enable.auto.commit": "belongs to the engine, which commits every worker.commit_interval.",
    "enable.auto.offset.store": "belongs to the engine: offsets are stored after their job ended.",
    "group.id": "has a setting of its own: kafka.group_id.",
    "transactional.id": "cannot be shared by all producers, which would fence each other.",
}

_CLASSIC_ONLY = frozenset(
    {
        "group.protocol.type",
        "heartbeat.interval.ms",
        "partition.assignment.strategy",
        "session.timeout.ms",
    }
)

#: What a share consumer refuses, or has no use for.
_PLAIN_CONSUMER_ONLY = _CLASSIC_ONLY | {
    "auto.offset.reset",
    "consume.callback.max.messages",
    "enable.partition.eof",
    "fetch.queue.backoff.ms",
    "group.instance.id",
    "group.protocol",
    "group.remote.assignor",
    "isolation.level",
    "max.poll.interval.ms",
    "max.poll.records",
    "offset.store.method",
    "queued.max.messages.kbytes",
    "queued.min.messages",
    "share.acknowledgement.mode",
}

# Canonical names; librdkafka's CONFIGURATION.md, column "C/P".
_CONSUMER_ONLY = _CLASSIC_ONLY | {
    "auto.commit.interval.ms",
    "auto.offset.reset",
    "check.crcs",
    "consume.callback.max.messages",
    "coordinator.query.interval.ms",
    "enable.auto.commit",
    "enable.auto.offset.store",
    "enable.partition.eof",
    "fetch.error.backoff.ms",
    "fetch.max.bytes",
    "fetch.min.bytes",
    "fetch.queue.backoff.ms",
    "fetch.wait.max.ms",
    "group.id",
    "group.instance.id",
    "group.protocol",
    "group.remote.assignor",
    "isolation.level",
    "max.partition.fetch.bytes",
    "max.poll.interval.ms",
    "max.poll.records",
    "offset.store.method",
    "offset.store.path",
    "offset.store.sync.interval.ms",
    "on_commit",
    "queued.max.messages.kbytes",
    "queued.min.messages",
    "share.acknowledgement.mode",
}

_PRODUCER_ONLY = frozenset(
    {
        "acks",
        "batch.num.messages",
        "batch.size",
        "compression.level",
        "compression.type",
        "delivery.report.only.error",
        "enable.gapless.guarantee",
        "enable.idempotence",
        "linger.ms",
        "message.timeout.ms",
        "on_delivery",
        "partitioner",
        "produce.offset.report",
        "queue.buffering.backpressure.threshold",
        "queue.buffering.max.kbytes",
        "queue.buffering.max.messages",
        "queuing.strategy",
        "request.timeout.ms",
        "retries",
        "sticky.partitioning.linger.ms",
        "transaction.timeout.ms",
        "transactional.id",
    }
)
