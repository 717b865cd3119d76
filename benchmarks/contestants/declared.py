"""Samovar's worker with a declared queue: BENCH_DRAWN tells with which of its features."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

from benchmarks.contestants.samovar import NoopJob
from benchmarks.job import TEXT, noop
from samovar import Admit, App, Consumer, DeadLetterQueue, Throttle, VirtualPartitions

__all__ = ["NoopJob", "app"]


class AdmittingFilter:
    """Has nothing against any job."""

    def admit(self, record: Any, now: float) -> Admit:
        return ADMIT


ADMIT = Admit()


class CountingConsumer(Consumer):
    """Does what the job does, for the records of a plain topic."""

    def consume(self) -> None:
        for message in self.messages:
            noop(*message.payload["arguments"])


class MarkingConsumer(Consumer):
    """The same, and marks each record itself."""

    def consume(self) -> None:
        for message in self.messages:
            noop(*message.payload["arguments"])
            self.mark_as_consumed(message)


def queue(**settings: Any) -> Callable[[App, str], None]:
    """Draws the queue with these settings."""
    return lambda app, name: app.job_topic(name, **settings)


def scheduled(app: App, name: str) -> None:
    app.job_topic(name)
    app.scheduled_messages("waiting")


def recurring(app: App, name: str) -> None:
    app.job_topic(name)
    app.recurring("yearly", NoopJob, cron="0 0 1 1 *", arguments=[0, TEXT])


def consumer(made: type[Consumer], **settings: Any) -> Callable[[App, str], None]:
    """Draws a plain topic."""
    return lambda app, name: app.topic(name, consumer=made, **settings)


#: Settings of which no job of the benchmark makes use.
IDLE: Mapping[str, Mapping[str, Any]] = {
    "dead-letters": {"dead_letter_queue": DeadLetterQueue("dead")},
    "transactional-dead-letters": {
        "dead_letter_queue": DeadLetterQueue("dead", transactional=True)
    },
    "long-running": {"long_running": True},
    "throttle": {"throttle": Throttle(1_000_000, 1)},
    "expire-in": {"expire_in": 30 * 86_400},
    "delay-by": {"delay_by": 0.001},
    "filter": {"filters": (lambda topic, partition: AdmittingFilter(),)},
}
#: How a queue can be declared.
WAYS: Mapping[str, Callable[[App, str], None]] = {
    "plain": queue(),
    "key": queue(ordering="key"),
    "none": queue(ordering="none"),
    "virtual": queue(virtual_partitions=VirtualPartitions(partitioner=lambda m: m.offset)),
    "virtual-keys": queue(
        virtual_partitions=VirtualPartitions(partitioner=lambda m: m.key, max_partitions=4)
    ),
    "share": queue(share_group=True),
    **{name: queue(**settings) for name, settings in IDLE.items()},
    "scheduled": scheduled,
    "recurring": recurring,
    "consumer": consumer(CountingConsumer),
    "manual-marks": consumer(MarkingConsumer, manual_marks=True),
}

app = App()
WAYS[os.environ["BENCH_DRAWN"]](app, os.environ["BENCH_QUEUE"])
