"""All that is measured, in the order of the table."""

from __future__ import annotations

import sys
from collections.abc import Callable

from benchmarks.contestants.contestant import Commands, Contestant
from benchmarks.contestants.on_kafka import environment, no_op, samovar_worker
from benchmarks.place import Place

_PYTHON = (sys.executable, "-m")
_HERE = "benchmarks.contestants"


def _bare(module: str, *arguments: str) -> Callable[[Place, int], Commands]:
    def worker(_: Place, processes: int) -> Commands:
        return [[*_PYTHON, f"{_HERE}.{module}", *arguments]] * processes

    return worker


def _samovar_embedded(place: Place) -> dict[str, str]:
    return {
        "SAMOVAR_QUEUE_ADAPTER": "embedded",
        "SAMOVAR_IMPORTS": f"{_HERE}.samovar",
        "SAMOVAR_DEFAULT_QUEUE_NAME": place.queue,
        "SAMOVAR_EMBEDDED__PATH": str(place.file),
    }


def _celery_prefork(_: Place, processes: int) -> Commands:
    return [[*_celery("prefork"), "-c", str(processes)]]


def _celery_threads(_: Place, processes: int) -> Commands:
    return [[*_celery("threads"), "-c", "10", "-n", f"bench-{n}@%h"] for n in range(processes)]


def _celery(pool: str) -> list[str]:
    return [*_PYTHON, "celery", "-A", f"{_HERE}.celery", "worker", "-l", "ERROR", "-P", pool]


def _taskiq(_: Place, processes: int) -> Commands:
    options = ["-w", str(processes), "--log-level", "ERROR"]
    return [[*_PYTHON, "taskiq", "worker", f"{_HERE}.taskiq:broker", *options]]


#: What the other orderings survive.
BESIDE = "the same; what is done beyond the position is committed beside it"

CONTESTANTS = (
    Contestant(
        name="bare-kafka",
        title="confluent-kafka, bare, json",
        backend="kafka",
        module=f"{_HERE}.bare_kafka",
        worker=_bare("bare_kafka"),
        backlog=3_000_000,
        backlog_of="samovar-kafka",
        has_bulk=False,
        durability="acks=all; offsets stored after each job, committed every 5 s: at least once",
    ),
    Contestant(
        name="bare-kafka-msgspec",
        title="confluent-kafka, bare, msgspec",
        backend="kafka",
        module=f"{_HERE}.bare_kafka",
        worker=_bare("bare_kafka", "msgspec"),
        backlog=3_000_000,
        backlog_of="samovar-kafka",
        worker_only=True,
        durability="the same, but offsets are stored once a batch of 500",
    ),
    Contestant(
        name="samovar-kafka",
        title="Samovar on Kafka",
        backend="kafka",
        module=f"{_HERE}.samovar",
        worker=samovar_worker(),
        environment=environment(),
        backlog=3_000_000,
        backlog_of="samovar-kafka",
        durability="acks=all, idempotent; marked after each job, committed every 50 ms: "
        "at least once",
    ),
    no_op("samovar-kafka-key", 'Samovar on Kafka, ordering="key"', "key", BESIDE),
    no_op("samovar-kafka-none", 'Samovar on Kafka, ordering="none"', "none", BESIDE),
    no_op(
        "samovar-kafka-virtual",
        "Samovar on Kafka, virtual partitions",
        "virtual",
        "the same, but marked after each batch of 100",
    ),
    Contestant(
        name="taskiq-kafka",
        title="Taskiq on Kafka",
        backend="kafka",
        module=f"{_HERE}.taskiq",
        worker=_taskiq,
        needs=("taskiq", "taskiq_aio_kafka"),
        backlog=150_000,
        backlog_of="taskiq-kafka",
        has_bulk=False,
        durability="acks=all (set here; its own default is 1); offsets committed by a timer, not "
        "by jobs: at most once",
    ),
    Contestant(
        name="bare-sqlite",
        title="SQLite, bare, json",
        backend="file",
        module=f"{_HERE}.bare_sqlite",
        worker=_bare("bare_sqlite"),
        backlog=1_000_000,
        backlog_of="bare-sqlite",
        keeps_file=True,
        shares_jobs=False,
        durability="WAL; each enqueue fsyncs, the offset (once a batch) does not: at least once",
    ),
    Contestant(
        name="samovar-embedded",
        title="Samovar, embedded",
        backend="file",
        module=f"{_HERE}.samovar",
        worker=samovar_worker(),
        environment=_samovar_embedded,
        backlog=1_000_000,
        backlog_of="samovar-embedded",
        durability="each enqueue fsyncs; marked after each job, committed every 20 ms: "
        "at least once",
    ),
    Contestant(
        name="celery-prefork",
        title="Celery on Redis, prefork",
        backend="redis",
        module=f"{_HERE}.celery",
        worker=_celery_prefork,
        needs=("celery", "redis"),
        backlog=8_000,
        backlog_of="celery-prefork",
        has_bulk=False,
        durability="Redis in memory only; acknowledged before the job runs: at most once",
    ),
    Contestant(
        name="celery-threads",
        title="Celery on Redis, 10 threads",
        backend="redis",
        module=f"{_HERE}.celery",
        worker=_celery_threads,
        needs=("celery", "redis"),
        backlog=8_000,
        backlog_of="celery-prefork",
        has_bulk=False,
        durability="the same",
    ),
)
