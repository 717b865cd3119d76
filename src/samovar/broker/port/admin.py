"""Looking at topics and groups, and changing them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Literal, Protocol

from samovar.broker.port.values import (
    Commit,
    Record,
    TopicPartition,
    TopicSpec,
    TopicState,
    Watermarks,
)


class Admin(Protocol):
    """Reads and changes topics and groups. Any thread may call it."""

    def topics(self, names: Collection[str] | None = None) -> dict[str, int]:
        """Each topic's number of partitions, by its name. With `names` only these are looked up:
        the cost does not grow with the other topics.
        """
        ...

    def dead_letter_topics(self) -> frozenset[str]:
        """The names of topics that were created as dead letter topics; none if the broker does not
        keep that.
        """
        ...

    def create_topics(self, specs: Sequence[TopicSpec]) -> list[str]:
        """Create those that do not exist, and return their names once they can be used."""
        ...

    def describe(self, names: Sequence[str]) -> dict[str, TopicState]:
        """The state of these topics; those that do not exist are absent."""
        ...

    def add_partitions(self, topic: str, total: int) -> None:
        """Raise the number of partitions to `total`; a topic never gets fewer.

        Raises:
            UnknownTopicError: there is no such topic.
        """
        ...

    def set_config(self, topic: str, config: Mapping[str, str]) -> None:
        """Change these settings of the topic, and leave the others. Does nothing on a broker whose
        topics have no settings.

        Raises:
            BrokerError: the broker refused one.
        """
        ...

    def delete_topics(self, names: Sequence[str]) -> None:
        """Delete topics and all their records; names that do not exist are ignored."""
        ...

    def watermarks(self, topic: str) -> dict[TopicPartition, Watermarks]:
        """The offsets each partition of the topic spans.

        Raises:
            UnknownTopicError: there is no such topic.
        """
        ...

    def committed(self, group: str, topic: str) -> dict[TopicPartition, int]:
        """What the group has committed; partitions without a commit are absent."""
        ...

    def commits(self, group: str, topic: str) -> dict[TopicPartition, Commit]:
        """The same, with commit metadata."""
        ...

    def commit(self, group: str, commits: Mapping[TopicPartition, Commit]) -> None:
        """Commit for a group that has no members.

        Raises:
            BrokerError: it has members; only they may commit.
        """
        ...

    def read(self, source: TopicPartition, offset: int, limit: int) -> list[Record]:
        """Up to `limit` records from `offset` on, outside any group."""
        ...

    def readers(self, topics: Collection[str]) -> dict[str, frozenset[str]]:
        """The groups whose members read these topics now, by topic. Groups that we may not see are
        absent.

        Raises:
            BrokerError: the broker did not answer, or refused.
        """
        ...

    def share_group(self, group: str, initial_offset: Literal["earliest", "latest"]) -> float:
        """Set where a share group begins in partitions that are new to it, and let it deliver each
        record as often as the broker allows. Returns how long a delivered record is locked, in
        seconds.

        Raises:
            BrokerError: the broker refused, or did not answer.
            ConfigurationError: there are no share groups here.
        """
        ...

    def close(self) -> None:
        """Close the connections."""
        ...
