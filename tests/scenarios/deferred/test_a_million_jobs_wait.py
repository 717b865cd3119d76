"""A million jobs wait on Kafka: a worker knows them within a minute, in little memory, and lets a
thousand a second leave in their second.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import psutil
import pytest

from samovar.broker.port import Admin, NewRecord, TopicSpec
from samovar.engine.kept.topics import COMPACTED
from samovar.engine.scheduled import envelope
from samovar.job.job_data import loads
from tests.support.eventually import eventually
from tests.support.stage import Stage

VALUE = (
    b'{"job_class":"NoOpJob","job_id":"%s","provider_job_id":null,"queue_name":"q","priority":null,'
    b'"arguments":[%d],"executions":0,"exception_executions":{},"locale":"en","timezone":"UTC",'
    b'"enqueued_at":"2026-01-01T00:00:00.000000000Z","scheduled_at":"2026-01-01T00:00:00Z"}'
)
A_SECOND = 1000
BURST_SECONDS = 10
#: How long before its first second the burst is written.
LEAD_SECONDS = 10
READY_SECONDS = 60.0
MEGABYTES = 500.0


def test_many_jobs_wait(schedule_stage: Stage, chaos_report: Callable[..., None]) -> None:
    check(schedule_stage, 20_000, chaos_report, latest_ms=5000)


@pytest.mark.chaos
@pytest.mark.timeout(600)
def test_a_million_jobs_wait(schedule_stage: Stage, chaos_report: Callable[..., None]) -> None:
    check(schedule_stage, 1_000_000, chaos_report, latest_ms=1000)


def check(stage: Stage, count: int, chaos_report: Callable[..., None], *, latest_ms: int) -> None:
    topic = stage.topic("scheduled_jobs")
    target = stage.topic("away")  # which nobody serves: when records come is what counts
    stage.admin.create_topics(
        [
            TopicSpec(name=topic, partitions=5, config=COMPACTED),
            # The broker's clock tells when a record was there; it is visible a commit later.
            TopicSpec(
                name=target, partitions=4, config={"message.timestamp.type": "LogAppendTime"}
            ),
        ]
    )
    far = int(time.time()) + 86_400
    write(stage, topic, target, range(count), lambda n: far + n % 50_000)

    burst = A_SECOND * BURST_SECONDS
    started = time.monotonic()
    with stage.steady_worker("--processes", "1") as worker:
        eventually(lambda: waiting(worker.output) >= count, within=120, what="all is known")
        ready = time.monotonic() - started
        process = psutil.Process(worker.pid)
        loaded = process.memory_info().rss / 2**20
        first = int(time.time()) + LEAD_SECONDS
        due = range(count, count + burst)
        write(stage, topic, target, due, lambda n: first + n % BURST_SECONDS)
        assert time.time() < first, "It took so long that the burst was late."
        eventually(
            lambda: len(lateness(stage.admin, target, first)) >= burst,
            within=LEAD_SECONDS + 60,
            what="all that is due has come",
        )
        memory = process.memory_info().rss / 2**20

    late = lateness(stage.admin, target, first)
    chaos_report(
        waiting=count,
        ready_seconds=round(ready, 1),
        megabytes=round(loaded),
        megabytes_after=round(memory),
        earliest_ms=late[0],
        median_ms=late[len(late) // 2],
        latest_ms=late[-1],
    )
    assert len(late) == burst
    assert late[0] >= 0
    assert late[-1] < latest_ms
    assert ready < READY_SECONDS
    assert max(loaded, memory) < MEGABYTES


def write(
    stage: Stage, topic: str, target: str, numbers: range, epoch: Callable[[int], int]
) -> None:
    """Let jobs wait, as fast as they can be written."""
    producer = stage.broker.producer()
    for start in range(numbers.start, numbers.stop, 10_000):
        batch = range(start, min(start + 10_000, numbers.stop))
        producer.produce_many([scheduled(topic, target, n, epoch(n)) for n in batch])
    assert producer.close(60) == 0


def scheduled(topic: str, target: str, number: int, epoch: int) -> NewRecord:
    key = f"6f1d2c3b-0000-4000-8000-{number:012d}"
    wanted = envelope.Target(topic=target, value=VALUE % (key.encode(), number), epoch=epoch)
    return envelope.wrap(wanted, topic=topic, key=key, partitions=5)


def waiting(output: str) -> int:
    """How many jobs the worker said that it knows."""
    said = re.findall(r"([\d,]+) jobs? in \S+ waits? for", output)
    return sum(int(number.replace(",", "")) for number in said)


def lateness(admin: Admin, topic: str, first: int) -> list[int]:
    """How many milliseconds after its second each record was there, sorted."""
    found: list[int] = []
    for source, marks in admin.watermarks(topic).items():
        offset = marks.low
        while offset < marks.high and (records := admin.read(source, offset, 5000)):
            for record in records:
                number = loads(record.value)["arguments"][0]
                found.append(record.timestamp - (first + number % BURST_SECONDS) * 1000)
            offset = records[-1].offset + 1
    return sorted(found)
