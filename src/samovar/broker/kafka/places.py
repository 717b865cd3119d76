"""Where reading goes on, and what is reported when librdkafka silently goes on elsewhere.

When the place that a group has come to is gone, by retention or because the topic was made anew,
librdkafka goes to where `auto.offset.reset` says. That is right, but it reports nothing. A gap by
itself means nothing: transactions and compaction leave gaps too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from confluent_kafka import Consumer as Client
from confluent_kafka import KafkaException
from confluent_kafka import TopicPartition as KafkaPartition

from samovar import events
from samovar.broker.kafka import failures
from samovar.broker.port import Batch, TopicPartition
from samovar.support import clock

#: How long to wait for the broker's answer, in seconds.
ANSWER_SECONDS = 5.0
#: Retention may have passed a partition that was paused for longer than this, in seconds.
LONG_PAUSE_SECONDS = 10.0


class Places:
    """Those of one consumer's partitions; used by its own thread only."""

    def __init__(self, group: str) -> None:
        self._group = group
        #: The next offset, for partitions of which nothing has come since that was known.
        self._next: dict[TopicPartition, int] = {}
        #: When each was paused.
        self._paused: dict[TopicPartition, float] = {}

    def assigned(self, client: Client, sources: Iterable[TopicPartition]) -> None:
        """These came: they go on where the group has committed."""
        wanted = [KafkaPartition(*source) for source in sources]
        try:
            answer = client.committed(wanted, timeout=ANSWER_SECONDS) if wanted else []
        except KafkaException as error:
            doing = "Asking where to go on"
            report = failures.translated(failures.reason(error), doing)
            events.announce("broker.error", error=report)
            return
        for p in answer:
            if p.error is None and p.offset >= 0:
                self._next[TopicPartition(p.topic, p.partition)] = p.offset

    def paused(self, sources: Iterable[TopicPartition]) -> None:
        """Nothing is read of these for now."""
        now = clock.monotonic()
        for source in sources:
            self._paused.setdefault(source, now)

    def resumed(self, client: Client, sources: Iterable[TopicPartition]) -> None:
        """These go on where they were."""
        now = clock.monotonic()
        away = [s for s in sources if now - self._paused.pop(s, now) > LONG_PAUSE_SECONDS]
        for p in client.position([KafkaPartition(*source) for source in away]) if away else ():
            if p.offset >= 0:
                self._next.setdefault(TopicPartition(p.topic, p.partition), p.offset)

    def forget(self, sources: Iterable[TopicPartition]) -> None:
        """These are not ours any more, or were sent elsewhere."""
        for source in sources:
            self._next.pop(source, None)
            self._paused.pop(source, None)

    def check(self, client: Client, batches: Iterable[Batch]) -> None:
        """Report those that begin where they should not."""
        if not self._next:
            return
        for batch in batches:
            first = batch.records[0].offset
            if (position := self._next.pop(batch.source, first)) != first:
                self._report(client, batch.source, position, first)

    def _report(self, client: Client, source: TopicPartition, position: int, first: int) -> None:
        try:
            marks = client.get_watermark_offsets(KafkaPartition(*source), timeout=ANSWER_SECONDS)
        except KafkaException:
            marks = None
        low, high = marks or (first, first)
        report: Mapping[str, object] = {
            "group": self._group,
            "source": source,
            "position": position,
            "first": first,
        }
        if first < position:
            events.announce("records.repeated", count=max(0, high - first), **report)
        elif low > position:
            events.announce("records.gone", count=low - position, **report)
