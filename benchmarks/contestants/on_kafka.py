"""Samovar's worker on Kafka in all its ways, as contestants."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace

from benchmarks.contestants.contestant import Commands, Contestant
from benchmarks.place import Place

_HERE = "benchmarks.contestants"


def samovar_worker(concurrency: int = 5) -> Callable[[Place, int], Commands]:
    """`samovar worker` with so many threads."""

    def worker(place: Place, processes: int) -> Commands:
        options = ["-q", place.queue, "-c", str(concurrency), "--processes", str(processes)]
        return [[sys.executable, "-m", "samovar", "worker", *options]]

    return worker


def environment(*, declared: str = "", jobs: str = "samovar") -> Callable[[Place], dict[str, str]]:
    """What the processes are told: the way in which the queue is declared (not at all, if none is
    named), and the module of the jobs.
    """

    def told(place: Place) -> dict[str, str]:
        way = {"SAMOVAR_APP": f"{_HERE}.declared:app", "BENCH_DRAWN": declared} if declared else {}
        return {
            "SAMOVAR_QUEUE_ADAPTER": "kafka",
            "SAMOVAR_IMPORTS": f"{_HERE}.{jobs}",
            "SAMOVAR_DEFAULT_QUEUE_NAME": place.queue,
            "SAMOVAR_KAFKA__BOOTSTRAP_SERVERS": place.kafka,
            "SAMOVAR_KAFKA__GROUP_ID": place.group,
            **way,
        }

    return told


def no_op(name: str, title: str, declared: str, durability: str = "the same") -> Contestant:
    """A worker of one process on the jobs of `samovar-kafka`, with a queue declared in its way."""
    return Contestant(
        name=name,
        title=title,
        backend="kafka",
        module=f"{_HERE}.samovar",
        worker=samovar_worker(),
        environment=environment(declared=declared),
        backlog=3_000_000,
        backlog_of="samovar-kafka",
        worker_only=True,
        durability=durability,
    )


def waiting(
    name: str, title: str, declared: str, *, concurrency: int = 50, jobs: str = "waiting"
) -> Contestant:
    """The same on jobs that wait for a millisecond, in a topic of one partition."""
    return Contestant(
        name=name,
        title=title,
        backend="kafka",
        module=f"{_HERE}.waiting",
        worker=samovar_worker(concurrency),
        environment=environment(declared=declared, jobs=jobs),
        partitions=1,
        backlog=1_000_000,
        backlog_of="one-at-a-time",
        worker_only=True,
        durability="the same",
    )


def keyed(name: str, title: str, declared: str) -> Contestant:
    """The same with a key for each job, in a topic with as many partitions as Samovar gives it."""
    return replace(
        waiting(name, title, declared, concurrency=32, jobs="keyed"),
        module=f"{_HERE}.keyed",
        partitions=8,
        backlog_of="keyed-partition",
    )
