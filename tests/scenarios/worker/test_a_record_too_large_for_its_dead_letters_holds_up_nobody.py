"""A record that does not fit into the dead letter topic leaves its trace there, and jobs go on."""

from __future__ import annotations

import samovar
from samovar.broker.port import NewRecord, TopicSpec
from tests.jobs.sample import JournalJob
from tests.support.stage import Stage

#: More than a producer sends unless it is told otherwise.
LARGE = 3_000_000


def test_a_record_too_large_for_its_dead_letters_holds_up_nobody(kafka_stage: Stage) -> None:
    stage = kafka_stage
    stage.app  # noqa: B018 -- jobs need an application
    topic = stage.topic()
    stage.configure("kafka", settings={"message.max.bytes": 2 * LARGE})
    config = {"max.message.bytes": str(2 * LARGE)}
    stage.admin.create_topics([TopicSpec(name=topic, partitions=1, config=config)])
    job = samovar.payload.dumps(JournalJob(1).serialize())
    stage.produce([NewRecord(topic, b"x" * LARGE), NewRecord(topic, job)])
    stage.configure("kafka", settings={})

    with stage.steady_worker() as worker:
        stage.journal.wait_for("done", 1, within=20)
        worker.wait_for_output(f"{topic}[0]@0 lies in '{topic}_dead' without its value")

    (dead,) = stage.records("default_dead")
    trace = dict(dead.headers)
    assert (dead.value, trace["dropped_value_bytes"]) == (None, str(LARGE).encode())
    assert (trace["source_topic"], trace["source_offset"]) == (topic.encode(), b"0")
