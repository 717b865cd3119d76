"""Which consumer groups read a topic at the moment, asked on an admin client."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from confluent_kafka import ConsumerGroupState, KafkaException

from samovar.broker.kafka import failures

#: Longest wait for one answer, in seconds.
ANSWER_SECONDS = 5.0
_WITH_MEMBERS = {
    ConsumerGroupState.STABLE,
    ConsumerGroupState.PREPARING_REBALANCING,
    ConsumerGroupState.COMPLETING_REBALANCING,
}


def of(client: Any, topics: Collection[str]) -> dict[str, frozenset[str]]:
    """The groups with members who hold partitions of these topics, by topic. Groups that this
    client may not look at are passed over.

    Raises:
        BrokerError: the broker did not answer, or refused.
    """
    found: dict[str, set[str]] = {}
    try:
        listed = client.list_consumer_groups(
            states=_WITH_MEMBERS, request_timeout=ANSWER_SECONDS
        ).result(ANSWER_SECONDS)
        names = [group.group_id for group in listed.valid]
        if not names:
            return {}
        described = client.describe_consumer_groups(names, request_timeout=ANSWER_SECONDS)
        answers = {name: described[name].exception(ANSWER_SECONDS) for name in names}
    except KafkaException as error:
        doing = "Looking which groups read a topic"
        raise failures.translated(failures.reason(error), doing) from error
    for name in (name for name, error in answers.items() if error is None):
        for member in described[name].result().members:
            for partition in member.assignment.topic_partitions:
                if partition.topic in topics:
                    found.setdefault(partition.topic, set()).add(name)
    return {topic: frozenset(groups) for topic, groups in found.items()}
