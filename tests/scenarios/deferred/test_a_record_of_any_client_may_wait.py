"""J08: what another client lets wait leaves as it was: payload, key, partition and own headers."""

from __future__ import annotations

import signal
import time

from samovar.broker.port import NewRecord, Record
from tests.support.eventually import eventually
from tests.support.stage import Stage

RAW = b"\x00\xff raw, and no job"
OWN = (("trace", b"1"), ("trace", b"\xff"), ("empty", b""))


def test_a_record_of_any_client_may_wait(schedule_stage: Stage) -> None:
    stage = schedule_stage
    stage.create("scheduled_jobs", partitions=5)
    stage.create("target", partitions=3)
    due = int(time.time()) + 2
    stage.produce(
        [
            wrapped(stage, "keyed", due, schedule_target_key="user-1"),
            wrapped(stage, "placed", due, schedule_target_partition="2"),
            wrapped(
                stage, "both", due, schedule_target_key="user-1", schedule_target_partition="1"
            ),
            wrapped(stage, "neither", due),
        ]
    )

    with stage.steady_worker("-q", "default") as worker:
        left = eventually(lambda: by_schedule(stage), what="all four have left")
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0

    assert {name: record.key for name, (_, record) in left.items()} == {
        "keyed": b"user-1",
        "both": b"user-1",
        "placed": None,
        "neither": None,
    }
    assert (left["placed"][0], left["both"][0]) == (2, 1)
    for name, (_, record) in left.items():
        assert record.value == RAW
        assert record.headers[: len(OWN)] == OWN
        trace = dict(record.headers[len(OWN) :])
        assert trace["schedule_source_topic"] == stage.topic("scheduled_jobs").encode()
        assert trace["schedule_source_key"] == name.encode()
        assert record.timestamp >= due * 1000


def wrapped(stage: Stage, name: str, due: int, **control: str) -> NewRecord:
    """What a client of another make writes, by the documented headers."""
    told = {
        "schedule_schema_version": "1.0.0",
        "schedule_source_type": "schedule",
        "schedule_target_epoch": str(due),
        "schedule_target_topic": stage.topic("target"),
        **control,
    }
    headers = (*OWN, *((header, value.encode()) for header, value in told.items()))
    return NewRecord(stage.topic("scheduled_jobs"), RAW, key=name.encode(), headers=headers)


def by_schedule(stage: Stage) -> dict[str, tuple[int, Record]]:
    """What has left: partition and record, by the key under which it waited; all or none."""
    found: dict[str, tuple[int, Record]] = {}
    for source, marks in stage.admin.watermarks(stage.topic("target")).items():
        for record in stage.admin.read(source, marks.low, marks.high - marks.low):
            key = dict(record.headers)["schedule_source_key"].decode()
            found[key] = (source.partition, record)
    return found if len(found) == 4 else {}
