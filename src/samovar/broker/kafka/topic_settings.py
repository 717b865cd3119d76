"""What Kafka lets one look up and change of a topic, or a group, on an admin client."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import Future
from typing import Any

from confluent_kafka import KafkaError, KafkaException, TopicCollection
from confluent_kafka.admin._config import AlterConfigOpType, ConfigEntry, ConfigResource
from confluent_kafka.admin._resource import ResourceType
from confluent_kafka.cimpl import NewPartitions  # the package exports it without saying so

from samovar.broker.kafka import failures
from samovar.errors import BrokerUnavailableError

#: What the broker answers for a topic that is not there, or may not be seen, or cannot be.
_ABSENT = {
    KafkaError.UNKNOWN_TOPIC_OR_PART,
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError.TOPIC_EXCEPTION,
    KafkaError.LEADER_NOT_AVAILABLE,
}
#: Longest wait for one answer, in seconds.
ANSWER_SECONDS = 10.0
#: How long to look for topics, in seconds: whoever enqueues waits for it.
METADATA_SECONDS = 5.0


def in_force(client: Any, names: Sequence[str]) -> dict[str, dict[str, str]]:
    """The settings in force for each of these topics."""
    if not names:
        return {}
    asked = [ConfigResource(ResourceType.TOPIC, name) for name in names]
    return {
        resource.name: {
            entry.name: entry.value
            for entry in _answer(future, f"Describing the topic {resource.name!r}").values()
            if entry.value is not None
        }
        for resource, future in client.describe_configs(asked).items()
    }


def partitions(client: Any, names: Collection[str]) -> dict[str, int]:
    """How many partitions each of these topics has; those that are not there are absent."""
    found: dict[str, int] = {}
    asked = client.describe_topics(TopicCollection(list(names)), request_timeout=METADATA_SECONDS)
    for name, future in asked.items():
        try:
            found[name] = len(future.result(METADATA_SECONDS).partitions)
        except KafkaException as error:
            if failures.reason(error).code() not in _ABSENT:
                doing = f"Looking for the topic {name!r}"
                raise failures.translated(failures.reason(error), doing) from error
        except TimeoutError as error:
            raise BrokerUnavailableError(
                f"Looking for the topic {name!r}: no answer within {METADATA_SECONDS:.0f} s. "
                f"Is the broker running, and the address right?"
            ) from error
    return found


def change(client: Any, topic: str, config: Mapping[str, str]) -> None:
    """Change these settings, and leave the others."""
    _change(client, ResourceType.TOPIC, topic, config)


def of_a_group(client: Any, group: str) -> dict[str, str]:
    """The settings in force for a group, whether it is there or not."""
    (future,) = client.describe_configs([ConfigResource(ResourceType.GROUP, group)]).values()
    entries = _answer(future, f"Describing the group {group!r}")
    return {entry.name: entry.value for entry in entries.values() if entry.value is not None}


def change_group(client: Any, group: str, config: Mapping[str, str]) -> None:
    """Change these settings of a group, and leave the others."""
    _change(client, ResourceType.GROUP, group, config)


def _change(client: Any, kind: ResourceType, name: str, config: Mapping[str, str]) -> None:
    entries = [
        ConfigEntry(key, value, incremental_operation=AlterConfigOpType.SET)
        for key, value in config.items()
    ]
    resource = ConfigResource(kind, name, incremental_configs=entries)
    for future in client.incremental_alter_configs([resource]).values():
        _answer(future, f"Setting {', '.join(config)} of the {kind.name.lower()} {name!r}")


def grow(client: Any, topic: str, total: int) -> None:
    """Ask for more partitions; they are there a little later."""
    for future in client.create_partitions([NewPartitions(topic, total)]).values():
        _answer(future, f"Adding partitions to the topic {topic!r}")


def _answer(future: Future[Any], doing: str) -> Any:
    try:
        return future.result(ANSWER_SECONDS)
    except KafkaException as error:
        raise failures.translated(failures.reason(error), doing) from error
