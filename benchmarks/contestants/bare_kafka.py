"""Bare confluent-kafka: the loops one would write without any library for jobs."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from typing import Any

import msgspec
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition

from benchmarks.envelope import envelope
from benchmarks.job import noop
from benchmarks.place import Place

JOBS = {"NoopJob": noop}
BATCH = 500


def work(place: Place, *, with_msgspec: bool) -> None:
    """Perform jobs until killed."""
    consumer = Consumer(
        {
            "bootstrap.servers": place.kafka,
            "group.id": place.group,
            "auto.offset.reset": "earliest",
            "enable.auto.offset.store": False,
            # librdkafka's own second of waiting would starve a loop as fast as this one.
            "fetch.queue.backoff.ms": 10,
        }
    )
    consumer.subscribe([place.queue])
    perform = perform_with_msgspec if with_msgspec else perform_with_json
    while True:
        first = consumer.poll(1.0)
        if first is None or first.error():
            continue
        # consume() with a timeout would wait all of it for the batch to fill.
        messages = [first, *consumer.consume(BATCH - 1, 0)]
        try:
            perform(consumer, messages)
        except KafkaException as error:
            # The partition went to another process meanwhile: its offset cannot be stored.
            if error.args[0].code() != KafkaError._STATE:
                raise


def perform_with_json(consumer: Consumer, messages: Sequence[Message]) -> None:
    """The plain way: `json.loads` and `store_offsets` for each record."""
    loads, store = json.loads, consumer.store_offsets
    for message in messages:
        data = loads(message.value() or b"")
        JOBS[data["job_class"]](*data["arguments"])
        store(message)


class Envelope(msgspec.Struct):
    """The keys that are needed here; the rest is skipped over."""

    job_class: str
    arguments: list[Any]


decode = msgspec.json.Decoder(Envelope).decode


def perform_with_msgspec(consumer: Consumer, messages: Sequence[Message]) -> None:
    """The fast way: a typed decoder, and one `store_offsets` a batch."""
    ends: dict[int | None, int] = {}
    for message in messages:
        data = decode(message.value() or b"")
        JOBS[data.job_class](*data.arguments)
        ends[message.partition()] = (message.offset() or 0) + 1
    topic = str(messages[0].topic())
    consumer.store_offsets(
        offsets=[TopicPartition(topic, part or 0, end) for part, end in ends.items()]
    )


class BareEnqueuer:
    """The produce loop."""

    def __init__(self, place: Place) -> None:
        self._topic = place.queue
        self._producer = Producer(
            {
                "bootstrap.servers": place.kafka,
                "acks": "all",
                "linger.ms": int(os.environ["BENCH_LINGER_MS"]),
                "queue.buffering.max.messages": 1_000_000,
            }
        )

    def one(self, number: int) -> None:
        producer, value = self._producer, json.dumps(envelope(number, self._topic)).encode()
        while True:
            try:
                producer.produce(self._topic, value, on_delivery=check)
                break
            except BufferError:
                producer.poll(0.05)
        producer.poll(0)

    def bulk(self, numbers: range) -> None:
        for number in numbers:
            self.one(number)

    def close(self) -> None:
        self._producer.flush()


def check(error: KafkaError | None, _: Message) -> None:
    """A record that was not delivered ends the benchmark."""
    if error is not None:
        raise KafkaException(error)


open_enqueuer = BareEnqueuer

if __name__ == "__main__":
    work(Place.from_environment(), with_msgspec="msgspec" in sys.argv)
