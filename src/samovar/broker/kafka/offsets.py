"""What one consumer has stored, and how it is committed: with commit metadata, or without."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from confluent_kafka import Consumer as Client
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka import TopicPartition as KafkaPartition

from samovar.broker.kafka import failures
from samovar.broker.kafka.commits import Commits
from samovar.broker.kafka.metadata_commits import MetadataCommits
from samovar.broker.port import Commit, TopicPartition

#: How long to wait for an answer about committed offsets, in seconds.
ANSWER_SECONDS = 5.0


class Offsets:
    """Those of one consumer's partitions; used by its own thread only."""

    def __init__(self, interval: float) -> None:
        """They are committed every `interval` seconds."""
        self._plain = Commits(interval)
        self._with_metadata = MetadataCommits(interval)
        #: What was stored last, without metadata, for the partitions that are ours.
        self._stored: dict[TopicPartition, int] = {}

    def assigned(self, sources: Iterable[TopicPartition]) -> None:
        """These are ours."""
        self._with_metadata.assigned(sources)

    def forget(self, sources: Iterable[TopicPartition]) -> None:
        """These are no longer ours."""
        self._with_metadata.forget(sources)
        for source in sources:
            self._stored.pop(source, None)

    def store(
        self,
        client: Client,
        positions: Mapping[TopicPartition, int],
        metadata: Mapping[TopicPartition, str],
    ) -> frozenset[TopicPartition]:
        """Note what to commit; returns the partitions that are no longer ours."""
        gone: set[TopicPartition] = set()
        for source, offset in positions.items():
            text = metadata.get(source)
            is_ours = text is None or self._with_metadata.store(source, Commit(offset, text))
            # When a partition leaves, librdkafka commits the offset that was stored in it last.
            # Where one was ever stored there, the newest must be, with its metadata.
            if is_ours and (text is None or source in self._stored):
                is_ours = self._store(client, source, offset, text)
            if not is_ours:
                gone.add(source)
        return frozenset(gone)

    def store_again(self, client: Client) -> None:
        """Store once more, for the new generation, what was stored without metadata."""
        self.store(client, dict(self._stored), {})

    def passed(self, positions: Mapping[TopicPartition, int]) -> None:
        """A transaction has committed these: lower ones must no longer be committed."""
        for source, offset in positions.items():
            self._with_metadata.overtaken(source, offset)
            self._stored.pop(source, None)

    def commit_when_due(self, client: Client) -> None:
        """Send what was stored, if it is time."""
        self._plain.commit_when_due(client)
        self._with_metadata.commit_when_due(client)

    def commit_soon(self, client: Client) -> None:
        """Send what was stored with metadata, without waiting for the interval."""
        self._with_metadata.commit_soon(client)

    def commit(self, client: Client) -> bool:
        """Commit what is stored; False while a rebalance is running."""
        is_settled = True
        for commit in (_commit_stored, self._with_metadata.commit):
            try:
                commit(client)
            except KafkaException as error:
                code = failures.reason(error).code()
                if code != KafkaError._NO_OFFSET and code not in failures.NOT_OURS:
                    doing = "Committing offsets"
                    raise failures.translated(failures.reason(error), doing) from error
                is_settled = is_settled and code not in failures.UNSETTLED
        return is_settled

    def answered(self, error: KafkaError | None, partitions: list[KafkaPartition]) -> None:
        """librdkafka reports how a commit ended, one of these or one of its own."""
        self._plain.answered(error)
        self._with_metadata.answered(error, partitions)

    def is_committed(self, source: TopicPartition) -> bool:
        """Whether all metadata that was stored for this partition is committed."""
        return self._with_metadata.is_committed(source)

    def _store(self, client: Client, source: TopicPartition, offset: int, text: str | None) -> bool:
        """Let librdkafka commit it; False when the partition is not ours."""
        try:
            client.store_offsets(offsets=[KafkaPartition(*source, offset, text or "")])
        except KafkaException as error:
            if failures.reason(error).code() not in failures.NOT_OURS:
                raise failures.translated(failures.reason(error), "Storing offsets") from error
            return False
        if text is None:
            self._stored[source] = offset
            self._plain.stored()
            self._with_metadata.overtaken(source, offset)
        return True


def _commit_stored(client: Client) -> None:
    client.commit(asynchronous=False)


def committed(client: Client, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, Commit]:
    """What the client's group has committed for these; partitions without a commit are absent.

    Raises:
        BrokerError: the broker did not answer.
    """
    wanted = [KafkaPartition(*source) for source in partitions]
    try:
        answer = client.committed(wanted, timeout=ANSWER_SECONDS)
    except KafkaException as error:
        reason = failures.reason(error)
        raise failures.translated(reason, "Asking for committed offsets") from error
    return {
        TopicPartition(p.topic, p.partition): Commit(p.offset, p.metadata or "")
        for p in answer
        if p.error is None and p.offset >= 0
    }
