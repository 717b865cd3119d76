"""The table of every two features once more: keyed jobs in as many partitions as a queue gets,
while a visitor takes partitions away amid a long job, and is killed.

In each cell nothing runs beside itself in one process, a key keeps its order where it should, lanes
really run side by side, and the worker that stays begins no job twice.
"""

from __future__ import annotations

import signal
from collections.abc import Sequence
from itertools import combinations

import pytest

from samovar.broker.partitioning import partition_of
from tests.jobs.sample import GateJob, JournalJob
from tests.scenarios.worker.test_every_two_features_work_together import (
    FEATURES as IN_ONE_PARTITION,
)
from tests.scenarios.worker.test_every_two_features_work_together import (
    IMPORTS,
    ROUTES,
    UNORDERED,
    is_had,
)
from tests.support.eventually import eventually
from tests.support.overlaps import overlaps
from tests.support.stage import Stage

PARTITIONS = 8
KEYS = 32
#: Two of each key, and in front of those of the first key one that waits for its gate.
JOBS = 2 * KEYS + 1
FEATURES = IN_ONE_PARTITION | {
    "virtual partitions": "virtual_partitions=VirtualPartitions(partitioner=lambda m: m.key)"
}
PAIRS = [pair for pair in combinations(FEATURES, 2) if is_had(*pair, "jobs")]
#: Those of the usual run: each way of performing side by side, and one in order.
FEW = [
    ("dead letters", "virtual partitions"),
    ("expiry", "ordering by key"),
    ("dead letters", "no ordering"),
    ("long-running", "filters"),
]
GROUP_SIZE = 5
GROUPS = [PAIRS[start : start + GROUP_SIZE] for start in range(0, len(PAIRS), GROUP_SIZE)]


@pytest.mark.timeout(240)
def test_some_features_work_together_while_partitions_move(stage: Stage) -> None:
    assert set(FEW) <= set(PAIRS)
    play(stage, FEW)


@pytest.mark.chaos
@pytest.mark.timeout(400)
@pytest.mark.parametrize("pairs", GROUPS, ids=lambda pairs: "+".join(pairs[0]))
def test_every_two_features_work_together_while_partitions_move(
    stage: Stage, pairs: Sequence[tuple[str, str]]
) -> None:
    play(stage, pairs)


def play(stage: Stage, pairs: Sequence[tuple[str, str]]) -> None:
    stage.notice_the_dead()
    stage.configure("worker", concurrency=24)
    queues = {f"pair{index}": pair for index, pair in enumerate(pairs)}
    quick = "pause=Pause(timeout=0.05, max_timeout=0.1)"
    routes = [
        ROUTES["jobs"].format(queue, FEATURES[one], FEATURES[other], quick)
        for queue, (one, other) in queues.items()
    ]
    stage.declare("\n".join([IMPORTS, *routes]))
    gates = [index * JOBS for index in range(len(pairs))]
    for index, queue in enumerate(queues):
        stage.create(queue, partitions=PARTITIONS)
        numbers = range(index * JOBS, (index + 1) * JOBS)
        places = ((partition_of(key(n), PARTITIONS), key(n).decode(), n) for n in numbers)
        stage.put_keyed(((partition, own, job(n)) for partition, own, n in places), queue)

    with stage.steady_worker() as host:
        stage.journal.wait_for("start", *gates)
        with stage.steady_worker() as visitor:
            visitor.wait_for_output("Partitions came: s-")
            came = host.output.count("Partitions came: s-")
            visitor.kill()
        eventually(lambda: host.output.count("Partitions came: s-") > came, within=60)
        for number in gates:
            stage.open_gate(number)
        stage.journal.wait_for("done", *range(len(pairs) * JOBS), within=120)
        host.signal(signal.SIGTERM)
        assert host.wait() == 0

    lines = stage.journal.lines("start", "done")
    assert overlaps(lines) == []
    mine = [line for line in lines if line.pid == host.pid]
    begun = [line.what for line in mine if line.event == "start"]
    assert len(begun) == len(set(begun)), "the worker that stayed has begun a job twice"
    for index, pair in enumerate(pairs):
        cell = [line for line in mine if int(line.what) // JOBS == index]
        by_key = overlaps(cell, thing=lambda what: key(int(what)).decode())
        assert "no ordering" in pair or by_key == [], pair
        beside = overlaps(cell, thing=lambda what: str(partition_of(key(int(what)), PARTITIONS)))
        assert bool(beside) == bool(UNORDERED & set(pair)), pair


def key(number: int) -> bytes:
    return b"customer-%d" % (number % JOBS % KEYS)


def job(number: int) -> JournalJob | GateJob:
    return JournalJob(number, 0.03) if number % JOBS else GateJob(number)
