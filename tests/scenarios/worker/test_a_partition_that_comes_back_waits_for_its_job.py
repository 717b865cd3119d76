"""A job outlasts the grace of its partition, which goes to another worker and comes back: the job
is not begun beside itself, and when it has ended well it is not begun again.

Here in each ordering, in virtual partitions and in a plain topic, all at once.
"""

from __future__ import annotations

import json
import signal

import pytest

from tests.jobs.sample import GateJob, JournalJob
from tests.support.eventually import eventually
from tests.support.overlaps import overlaps
from tests.support.stage import Stage

ROUTES = """
from samovar import VirtualPartitions
from tests.jobs.consumers import JournalConsumer

app.job_topic("in-order")
app.job_topic("by-key", ordering="key")
app.job_topic("unordered", ordering="none")
app.job_topic("virtual", virtual_partitions=VirtualPartitions(partitioner=lambda m: m.key))
app.topic("messages", consumer=JournalConsumer)
app.job_topic("other")
"""
QUEUES = ("in-order", "by-key", "unordered", "virtual", "messages")
PARTITIONS = 2
#: Of each partition: one that waits for its gate, and one of the same key that follows it.
GATES = [10 * n for n in range(len(QUEUES) * PARTITIONS)]
#: Rows in which nothing is kept in order.
UNORDERED = [n * PARTITIONS + p for n in [QUEUES.index("unordered")] for p in range(PARTITIONS)]


@pytest.mark.timeout(240)
def test_a_partition_that_comes_back_waits_for_its_job(stage: Stage) -> None:
    prepare(stage)

    with stage.steady_worker() as host:
        stage.journal.wait_for("start", *GATES)
        with stage.steady_worker() as visitor:
            stage.journal.wait(lambda journal: visitor.pid in journal.pids())
            came = host.output.count("Partitions came")
            visitor.kill()
        eventually(lambda: host.output.count("Partitions came") > came, within=60)
        stage.put([(n % PARTITIONS, JournalJob(1000 + n)) for n in range(8)], "other")
        stage.journal.wait_for("done", *range(1000, 1008))
        for number in GATES:
            stage.open_gate(number)
        stage.journal.wait_for("done", *(n + 1 for n in GATES), *GATES)
        host.signal(signal.SIGTERM)
        assert host.wait() == 0

    lines = stage.journal.lines("start", "done")
    assert overlaps(lines) == []
    beside = [int(line.what) // 10 for line in overlaps(lines, thing=row)]
    assert set(beside) <= set(UNORDERED), "a key has jobs side by side"
    for number in GATES:
        mine = [n for n in lines if n.pid == host.pid and n.what == str(number)]
        assert [line.event for line in mine] == ["start", "done"], number


def prepare(stage: Stage) -> None:
    stage.notice_the_dead()
    stage.configure("worker", concurrency=16)
    stage.declare(ROUTES)
    numbers = iter(GATES)
    for queue in (*QUEUES, "other"):
        stage.create(queue, partitions=PARTITIONS)
    for queue in QUEUES:
        for partition in range(PARTITIONS):
            n = next(numbers)
            if queue == "messages":
                values = [{"number": n, "waits": True}, {"number": n + 1}]
                stage.put_raw([(partition, json.dumps(v).encode()) for v in values], queue)
            else:
                stage.put_keyed(
                    [(partition, n, GateJob(n)), (partition, n, JournalJob(n + 1))], queue
                )


def row(what: str) -> str:
    """What must run in order."""
    return str(int(what) // 10)
