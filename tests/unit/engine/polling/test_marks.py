"""A mark is never ahead of what the finished jobs themselves enqueued."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from samovar.broker.port import TopicPartition
from samovar.engine.partitions.coordinator import Coordinator
from samovar.engine.partitions.partition import Mark
from samovar.engine.polling.marks import Marks
from samovar.engine.routing.topic import Topic

ONE, TWO = TopicPartition("orders", 0), TopicPartition("orders", 1)


class Barrier:
    passed = False


class Producer:
    def __init__(self) -> None:
        self.barriers: list[Barrier] = []
        self.delivers = True

    def barrier(self) -> Barrier:
        self.barriers.append(Barrier())
        return self.barriers[-1]

    def flush(self, timeout: float) -> int:
        for barrier in self.barriers:
            barrier.passed = barrier.passed or self.delivers
        return 0


class Consumer:
    def __init__(self) -> None:
        self.stored: list[dict[TopicPartition, int]] = []
        self.notes: list[dict[TopicPartition, str]] = []
        self.gone: frozenset[TopicPartition] = frozenset()
        self.passed_over: list[dict[TopicPartition, int]] = []

    def passed(self, positions: Mapping[TopicPartition, int]) -> None:
        self.passed_over.append(dict(positions))

    def store(
        self, positions: Mapping[TopicPartition, int], metadata: Mapping[TopicPartition, str]
    ) -> frozenset[TopicPartition]:
        self.stored.append(dict(positions))
        self.notes.append(dict(metadata))
        return self.gone & positions.keys()


def coordinator(source: TopicPartition) -> Coordinator:
    return Coordinator(
        source=source,
        topic=Topic(name="orders"),
        dispatch_dead=lambda *_: None,
        stop_process=lambda _: None,
    )


class World:
    def __init__(self) -> None:
        self.consumer, self.producer = Consumer(), Producer()
        self.marks = Marks(consumer=cast(Any, self.consumer), producer=cast(Any, self.producer))
        self.one, self.two = coordinator(ONE), coordinator(TWO)
        self.both = [self.one, self.two]


def test_nothing_is_stored_before_a_job_has_ended() -> None:
    world = World()

    world.marks.store(world.both)

    assert world.consumer.stored == []
    assert world.producer.barriers == []


def test_positions_wait_for_the_barrier_as_they_were_when_it_was_made() -> None:
    world = World()
    world.one.position = 5
    world.marks.store(world.both)
    world.one.position = 9
    world.marks.store(world.both)
    assert world.consumer.stored == []

    world.producer.barriers[0].passed = True
    world.marks.store(world.both)
    assert world.consumer.stored == [{ONE: 5}]

    world.marks.store(world.both)
    world.producer.barriers[1].passed = True
    world.marks.store(world.both)
    assert world.consumer.stored == [{ONE: 5}, {ONE: 9}]


def test_what_has_not_moved_is_not_stored_again() -> None:
    world = World()
    world.one.position = 5
    world.marks.store(world.both)
    world.producer.barriers[0].passed = True
    world.marks.store(world.both)

    world.marks.store(world.both)

    assert world.consumer.stored == [{ONE: 5}]


def test_a_leaving_partition_is_stored_once_the_producer_has_delivered() -> None:
    world = World()
    world.one.position, world.two.position = 5, 6

    world.marks.store_now([world.one], 1)

    assert world.consumer.stored == [{ONE: 5}]


def test_a_leaving_partition_is_not_stored_over_what_was_not_delivered() -> None:
    world = World()
    world.one.position = 5
    world.producer.delivers = False

    world.marks.store_now([world.one], 0.01)

    assert world.consumer.stored == []


def test_positions_of_lost_partitions_are_dropped_also_while_they_wait() -> None:
    world = World()
    world.one.position, world.two.position = 5, 6
    world.marks.store(world.both)
    world.marks.forget([world.one])
    world.producer.barriers[0].passed = True

    world.marks.store([world.two])

    assert world.consumer.stored == [{TWO: 6}]


def test_what_a_transaction_has_committed_is_not_committed_again() -> None:
    world = World()
    moved = cast(Any, Moved(ONE, Mark(7, is_committed=True)))

    world.marks.store_now([moved], 1)

    assert world.consumer.stored in ([], [{}])
    assert world.consumer.passed_over == [{ONE: 7}]


class Moved:
    def __init__(self, source: TopicPartition, mark: Mark) -> None:
        self.source, self.mark = source, mark
