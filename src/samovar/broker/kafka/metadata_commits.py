"""Commits with metadata. librdkafka's own commits leave out a position that has not moved, even if
its metadata has changed, so these are sent here.
"""

from __future__ import annotations

from collections.abc import Iterable

from confluent_kafka import Consumer as Client
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka import TopicPartition as KafkaPartition

from samovar import events
from samovar.broker.kafka import failures
from samovar.broker.port import Commit, TopicPartition
from samovar.support import clock

_DOING = "Committing offsets"


class MetadataCommits:
    """Those of one consumer's partitions; used by its own thread only."""

    def __init__(self, interval: float) -> None:
        """They are committed every `interval` seconds."""
        self._interval = interval
        self._held: set[TopicPartition] = set()
        #: What is still to be committed, and what was sent and is not answered yet.
        self._stored: dict[TopicPartition, Commit] = {}
        self._sent: dict[TopicPartition, Commit] = {}
        self._due = 0.0

    def assigned(self, sources: Iterable[TopicPartition]) -> None:
        """These are ours."""
        self._held.update(sources)

    def forget(self, sources: Iterable[TopicPartition]) -> None:
        """These are not ours any more: the group's generation may still be, so that the broker
        would take a commit and spoil the one of their new owner.
        """
        for source in sources:
            self._held.discard(source)
            self._stored.pop(source, None)
            self._sent.pop(source, None)

    def store(self, source: TopicPartition, committed: Commit) -> bool:
        """Note what to commit; False when the partition is not ours."""
        if source not in self._held:
            return False
        if not self._stored:
            self._due = clock.monotonic() + self._interval
        self._stored[source] = committed
        return True

    def overtaken(self, source: TopicPartition, offset: int) -> None:
        """A position was stored without metadata: an earlier one must not be committed after it."""
        for earlier in (self._stored, self._sent):
            if source in earlier and earlier[source].position < offset:
                del earlier[source]

    def is_committed(self, source: TopicPartition) -> bool:
        """Whether nothing is stored or sent for this partition that is not yet answered."""
        return source not in self._stored and source not in self._sent

    def commit_soon(self, client: Client) -> None:
        """Send what waits, at once, or as soon as what was sent is answered."""
        self._due = 0.0
        self.commit_when_due(client)

    def commit_when_due(self, client: Client) -> None:
        """Send what waits, if it is time; the answer comes to `answered`."""
        if not self._stored or self._sent or clock.monotonic() < self._due:
            return
        self._sent, self._stored = self._stored, {}
        try:
            client.commit(offsets=_offsets(self._sent), asynchronous=True)
        except KafkaException as error:
            self._answered(failures.reason(error), list(self._sent))

    def commit(self, client: Client) -> None:
        """Commit all there is, and wait for it.

        Raises:
            KafkaException: it failed; what is still ours may be tried again.
        """
        positions = {**self._sent, **self._stored}
        if not positions:
            return
        answer = client.commit(offsets=_offsets(positions), asynchronous=False) or []
        if error := next((p.error for p in answer if p.error is not None), None):
            raise KafkaException(error)
        self._sent, self._stored = {}, {}

    def answered(self, error: KafkaError | None, partitions: list[KafkaPartition]) -> None:
        """librdkafka reports how a commit ended, one of these or one of its own."""
        for partition in partitions:
            source = TopicPartition(partition.topic, partition.partition)
            sent = self._sent.get(source)
            if sent is not None and sent.position == partition.offset:
                self._answered(error or partition.error, [source])

    def _answered(self, error: KafkaError | None, sources: list[TopicPartition]) -> None:
        for source in sources:
            sent = self._sent.pop(source)
            if error is not None:
                self._stored.setdefault(source, sent)
        if error is not None:
            self._due = clock.monotonic() + self._interval
            if error.code() not in failures.NOT_OURS:
                events.announce("broker.error", error=failures.translated(error, _DOING))


def _offsets(positions: dict[TopicPartition, Commit]) -> list[KafkaPartition]:
    return [KafkaPartition(*source, *committed) for source, committed in positions.items()]
