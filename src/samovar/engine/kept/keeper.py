"""Keeps a topic that is the engine's own memory, such as the jobs that wait for their time.

Each partition is kept by one process of a group at a time: it fences whoever kept it before, reads
what is there, and only then acts on it. Marks say from where on the next one has to read.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from typing import Protocol

from samovar.broker.port import (
    LEAVE_SECONDS,
    AtomicProducer,
    Batch,
    Broker,
    Consumer,
    NewRecord,
    Record,
    TopicPartition,
)
from samovar.processes.restarting import seconds_to_leave, serve_until
from samovar.processes.vital import VitalThread
from samovar.support import clock, ids

#: Most records that one poll takes.
POLL_RECORDS = 1000
#: Longest wait of one poll, in seconds: how late a stop, or a clock that was set, is noticed.
PATIENCE = 0.2
#: Whoever has not polled for so long, in seconds, polls again before it acts.
AWAY_SECONDS = 2.0
#: A record that was written so lately, in milliseconds, is news: all that is older has been read.
NEWS_MILLISECONDS = 5000
#: The key of the tombstones by which a keeper knows that it has read what was there.
MARKER_KEY = b"samovar-keeper"
_MARKER = "samovar_keeper"


class Memory(Protocol):
    """What is kept of one partition. Only the keeper's thread uses it."""

    @property
    def position(self) -> int | None:
        """From where on the next keeper must read; None: as before."""
        ...

    def take(self, records: Sequence[Record]) -> None:
        """Learn these records, which follow on from those before."""
        ...

    def loaded(self) -> None:
        """All that was there when the partition came is learnt, and nobody else acts on it."""
        ...

    def act(self) -> None:
        """Do what is due, or a part of it that takes less than a second."""
        ...

    def seconds_left(self) -> float | None:
        """Until there is something to do; None: not until records come."""
        ...

    def close(self) -> None:
        """Let go."""
        ...


Make = Callable[[TopicPartition, AtomicProducer], Memory]


class Keeper(VitalThread):
    """One member of the group that keeps a topic."""

    def __init__(self, *, topic: str, group: str, broker: Broker, make: Make) -> None:
        super().__init__(name=f"samovar-keeper-{topic}", daemon=True)
        self._topic = topic
        self._group = group
        self._broker = broker
        self._make = make
        self._stop_asked = threading.Event()
        #: When this thread is to have ended, on the monotonic clock.
        self._until = math.inf
        self._consumer: Consumer | None = None

    def stop(self, until: float = math.inf) -> None:
        """End after what is being done, and leave the group, as far as it can be done `until` then
        (on the monotonic clock). Any thread may call this.
        """
        self._until = until
        self._stop_asked.set()
        consumer = self._consumer
        if consumer is not None:
            consumer.wake()

    def work(self) -> None:
        """Keep what the group gives us until stopped; after an error start anew."""
        serve_until(self._stop_asked, self._serve)

    def _serve(self) -> None:
        consumer = self._consumer = self._broker.consumer(self._group)
        holdings = _Holdings(consumer, self._broker, self._group, self._make)
        try:
            consumer.subscribe([self._topic], holdings)
            while not self._stop_asked.is_set():
                self._turn(consumer, holdings)
        finally:
            try:
                consumer.close(seconds_to_leave(self._until, LEAVE_SECONDS))
            finally:
                self._consumer = None
                holdings.close()

    def _turn(self, consumer: Consumer, holdings: _Holdings) -> None:
        batches = consumer.poll(POLL_RECORDS, holdings.patience())
        polled = clock.monotonic()
        holdings.take(batches)
        if clock.monotonic() - polled < AWAY_SECONDS:
            holdings.act()
        holdings.store()


class _Holdings:
    """The partitions held now. A `RebalanceListener`."""

    def __init__(self, consumer: Consumer, broker: Broker, group: str, make: Make) -> None:
        self._consumer = consumer
        self._broker = broker
        self._group = group
        self._make = make
        self._kept: dict[TopicPartition, _Kept] = {}
        #: What was stored last.
        self._stored: dict[TopicPartition, int] = {}

    def assigned(self, partitions: Sequence[TopicPartition]) -> None:
        for source in partitions:
            # One name for every member: whoever gets a partition fences who had it.
            name = f"{self._group}.{source.topic}.{source.partition}"
            producer = self._broker.atomic_producer(name)
            self._kept[source] = _Kept(source, producer, self._make(source, producer))

    def revoked(self, partitions: Sequence[TopicPartition]) -> None:
        self.store()
        self.lost(partitions)

    def lost(self, partitions: Sequence[TopicPartition]) -> None:
        for source in partitions:
            self._stored.pop(source, None)
            if (kept := self._kept.pop(source, None)) is not None:
                kept.close()

    def take(self, batches: Sequence[Batch]) -> None:
        for batch in batches:
            if (kept := self._kept.get(batch.source)) is not None:
                kept.take(batch.records)
        if sum(len(batch.records) for batch in batches) < POLL_RECORDS:
            for kept in self._kept.values():
                kept.is_current = True

    def act(self) -> None:
        for kept in list(self._kept.values()):
            kept.act()

    def store(self) -> None:
        moved = {
            source: position
            for source, kept in self._kept.items()
            if (position := kept.memory.position) is not None
            and position != self._stored.get(source)
        }
        if moved:
            self._consumer.store(moved)
            self._stored |= moved

    def patience(self) -> float:
        """How long the next poll may wait."""
        return max(0.0, min((kept.patience() for kept in self._kept.values()), default=PATIENCE))

    def close(self) -> None:
        self.lost(list(self._kept))


class _Kept:
    """One partition: its memory, and whether it has learnt what is there."""

    def __init__(self, source: TopicPartition, producer: AtomicProducer, memory: Memory) -> None:
        self._source = source
        self._producer = producer
        self.memory = memory
        #: Where our marker lies; None until it is written. Behind it nobody else acts.
        self._marker: int | None = None
        self._is_loaded = False
        #: Whether nothing that was written a while ago is still unread.
        self.is_current = False

    def take(self, records: Sequence[Record]) -> None:
        self.memory.take(records)
        news = clock.now_ns() // 1_000_000 - NEWS_MILLISECONDS
        self.is_current = records[-1].timestamp > news
        if self._marker is not None and not self._is_loaded and records[-1].offset >= self._marker:
            self._is_loaded = True
            self.memory.loaded()

    def act(self) -> None:
        if not self.is_current:
            return
        if self._marker is None:
            self._marker = self._mark()
        elif self._is_loaded:
            self.memory.act()

    def patience(self) -> float:
        if self._marker is None:
            return 0.0
        left = self.memory.seconds_left() if self._is_loaded else None
        return PATIENCE if left is None else min(PATIENCE, left)

    def close(self) -> None:
        self.memory.close()
        self._producer.close()

    def _mark(self) -> int:
        header = (_MARKER, ids.token().encode())
        source = self._source
        marker = NewRecord(
            source.topic, None, key=MARKER_KEY, headers=(header,), partition=source.partition
        )
        (written,) = self._producer.produce_atomically([marker])
        return written.offset
