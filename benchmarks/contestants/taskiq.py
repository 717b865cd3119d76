"""Taskiq on Kafka, by taskiq-aio-kafka: acks=all as everybody here, the rest as it comes."""

from __future__ import annotations

import asyncio

from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from aiokafka.partitioner import DefaultPartitioner
from taskiq_aio_kafka import AioKafkaBroker

from benchmarks.job import TEXT, noop
from benchmarks.place import Place

place = Place.from_environment()
broker = AioKafkaBroker(place.kafka, kafka_topic=place.queue)
# taskiq-aio-kafka 1.0 hands kafka-python's classes to aiokafka, which ends in "TypeError:
# 'DefaultPartitioner' object is not callable" with kafka-python 3; so aiokafka's own are given.
broker.configure_consumer(
    group_id=place.group,
    auto_offset_reset="earliest",
    partition_assignment_strategy=(RoundRobinPartitionAssignor,),
)
broker.configure_producer(acks="all", partitioner=DefaultPartitioner())


@broker.task(task_name="noop")
async def task(number: int, text: str) -> None:
    noop(number, text)


class TaskiqEnqueuer:
    """`kiq`, which waits for Kafka's answer; there is no call for many."""

    def __init__(self, place: Place) -> None:
        self._is_started = False

    async def one(self, number: int) -> None:
        if not self._is_started:
            await broker.startup()
            self._is_started = True
        await task.kiq(number, TEXT)

    async def bulk(self, numbers: range) -> None:
        await asyncio.gather(*map(self.one, numbers))

    async def close(self) -> None:
        await broker.shutdown()


open_enqueuer = TaskiqEnqueuer
