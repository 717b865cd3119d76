"""Where dead letters go, in which order, and who may say otherwise."""

from __future__ import annotations

import signal
from collections import Counter

from samovar.broker.port import TopicPartition, TopicSpec
from tests.jobs.sample import FailingJob, FlakyJob, JournalJob
from tests.support.stage import Stage

ROUTES = """
from msgspec.structs import replace

QUICK = Pause(timeout=0.01, max_timeout=0.01)


def enhance(copy, record):
    return replace(copy, key=b"mine", headers=(*copy.headers, ("team", b"post")))


def strategy(errors, attempt):
    number = int(str(errors[-1]).split()[1])
    if number == 21:
        return "dispatch", "elsewhere"
    if number == 22:
        return "skip"
    return "dispatch" if attempt == 3 else "retry"


app.job_topic("flaky", pause=QUICK, dead_letter_queue=DeadLetterQueue("flaky_dlq", max_retries=1))
app.job_topic(
    "broken",
    pause=QUICK,
    dead_letter_queue=DeadLetterQueue("broken_dlq", max_retries=0, enhance=enhance),
)
CHOSEN = DeadLetterQueue("strategy", strategy=strategy)
app.job_topic("chosen", pause=QUICK, dead_letter_queue=CHOSEN)
ROLLING = DeadLetterQueue("rolling_dlq", max_retries=2, independent=False)
app.job_topic("rolling", pause=QUICK, dead_letter_queue=ROLLING)
app.job_topic("dropped", pause=QUICK, dead_letter_queue=DeadLetterQueue(False, max_retries=2))
"""


def test_dead_letter_queues_do_as_they_are_told(stage: Stage) -> None:
    """D03 D04 D07 D08 D09 D11 D12, each on a queue of its own."""
    stage.declare(ROUTES)
    for queue in ("flaky", "broken", "chosen", "dropped", "rolling"):
        stage.create(queue, partitions=4)
    dead_topic = TopicSpec(name=stage.topic("broken_dlq"), partitions=3, is_dead_letter=True)
    stage.admin.create_topics([dead_topic])
    stage.put([(0, FlakyJob(n)) for n in range(10)], "flaky")
    broken = [(p, n) for n in range(100, 103) for p in range(4)]
    stage.put([(p, FailingJob(n + 10 * p)) for p, n in broken[:8]], "broken")
    stage.put([(p, JournalJob(11 + p)) for p in range(4)], "broken")
    stage.put([(p, FailingJob(n + 10 * p)) for p, n in broken[8:]], "broken")
    stage.put([(0, FailingJob(n)) for n in (21, 22, 23)] + [(0, JournalJob(24))], "chosen")
    stage.put([(0, FailingJob(31)), (0, JournalJob(32))], "dropped")
    stage.put([(0, FlakyJob(n)) for n in range(40, 46)] + [(0, JournalJob(46))], "rolling")

    with stage.steady_worker() as worker:
        stage.journal.wait_for("done", *range(10), 11, 12, 13, 14, 24, 32, 40, 41, 43, 44, 46)
        stage.journal.wait_for("start", *(n + 10 * p for p, n in broken))
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0

    runs = Counter(stage.journal.numbers("start"))
    assert {runs[n] for n in range(10)} == {2}
    assert stage.records("flaky_dlq") == []
    expect_order(stage)
    assert (runs[21], runs[22], runs[23]) == (1, 1, 3)
    assert [source_offset(record.headers) for record in stage.records("elsewhere")] == [0]
    assert [source_offset(record.headers) for record in stage.records("chosen_dead")] == [2]
    assert runs[31] == 3
    assert stage.records("dropped_dead") == []
    assert [runs[n] for n in range(40, 46)] == [2, 2, 1, 2, 2, 1], "every third failure is the last"
    assert [source_offset(record.headers) for record in stage.records("rolling_dlq")] == [2, 5]
    assert "was dropped after 3 attempts" in worker.output


def expect_order(stage: Stage) -> None:
    """The copies of one source partition lie in one partition, in order, each with its hook's
    marks; first and last record of the source among them.
    """
    offsets: dict[int, list[int]] = {}
    for index in range(3):
        for copy in stage.admin.read(TopicPartition(stage.topic("broken_dlq"), index), 0, 100):
            assert (copy.key, dict(copy.headers)["team"]) == (b"mine", b"post")
            source = int(dict(copy.headers)["source_partition"])
            assert source % 3 == index
            offsets.setdefault(source, []).append(source_offset(copy.headers))
    assert offsets == {source: [0, 1, 3] for source in range(4)}


def source_offset(headers: tuple[tuple[str, bytes], ...]) -> int:
    return int(dict(headers)["source_offset"])
