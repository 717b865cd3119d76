"""Every pair of features that is not refused: a queue each, all served by one worker.

In each queue a job fails until it is well. Nothing is lost, nothing performed twice, and what keeps
an order keeps it. The same for plain topics and their messages.
"""

from __future__ import annotations

import json
import signal
from collections.abc import Iterable
from itertools import combinations
from typing import Any

import pytest

import samovar
from samovar.engine.flow import assembly
from samovar.engine.routing.topic import Topic
from tests.jobs.sample import HealingJob, JournalJob
from tests.support.eventually import eventually
from tests.support.stage import Stage

IMPORTS = """
from samovar import Admit, Throttle, VirtualPartitions
from tests.jobs.consumers import JournalConsumer

class AdmitsAll:
    def __init__(self, topic, partition): ...
    def admit(self, record, now):
        return Admit()
"""
FEATURES = {
    "dead letters": "dead_letter_queue=DeadLetterQueue('dead', max_retries=1000)",
    "rolling attempts": (
        "dead_letter_queue=DeadLetterQueue('dead', max_retries=1000, independent=False)"
    ),
    "long-running": "long_running=True",
    "throttle": "throttle=Throttle(5, 0.5)",
    "delay": "delay_by=0.5",
    "expiry": "expire_in=3600",
    "filters": "filters=(AdmitsAll,)",
    "small shares": "max_messages=2",
    "ordering by key": "ordering='key'",
    "no ordering": "ordering='none'",
    "virtual partitions": "virtual_partitions=VirtualPartitions(partitioner=lambda m: m.offset)",
}
#: What a topic of each kind is declared with.
ROUTES = {
    "jobs": "app.job_topic({!r}, {}, {}, {})",
    "messages": "app.topic({!r}, {}, {}, {}, consumer=JournalConsumer)",
}
JOBS = 10
ILL = 3
#: Features under which jobs of one partition run side by side.
UNORDERED = {"ordering by key", "no ordering", "virtual partitions"}


@pytest.mark.timeout(240)
@pytest.mark.parametrize("kind", ROUTES)
def test_every_two_features_work_together(stage: Stage, kind: str) -> None:
    pairs = [pair for pair in combinations(FEATURES, 2) if is_had(*pair, kind)]
    assert len(pairs) >= 20
    queues = {f"pair{index}": pair for index, pair in enumerate(pairs)}
    quick = "pause=Pause(timeout=0.05, max_timeout=0.1)"
    routes = [
        ROUTES[kind].format(queue, FEATURES[one], FEATURES[other], quick)
        for queue, (one, other) in queues.items()
    ]
    stage.declare("\n".join([IMPORTS, *routes]))
    for index, queue in enumerate(queues):
        stage.create(queue, partitions=1)
        put(stage, kind, range(index * JOBS, (index + 1) * JOBS), queue)
    ills = [index * JOBS + ILL for index in range(len(queues))]

    with stage.steady_worker() as worker:
        stage.journal.wait_for("start", *ills)
        for number in ills:
            stage.open_gate(number)
        stage.journal.wait_for("done", *range(len(queues) * JOBS), within=120)
        for queue, pair in queues.items():
            eventually(
                lambda q=queue: list(stage.committed(q).values()) == [JOBS],
                what=f"all of {' + '.join(pair)} is committed",
            )
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0

    done = stage.journal.numbers("done")
    assert sorted(done) == list(range(len(queues) * JOBS))
    for index, pair in enumerate(queues.values()):
        mine = [number for number in done if number // JOBS == index]
        if not UNORDERED & set(pair):
            assert mine == sorted(mine), pair
    assert stage.records("dead") == []


def put(stage: Stage, kind: str, numbers: Iterable[int], queue: str) -> None:
    if kind == "jobs":
        jobs = [HealingJob(n) if n % JOBS == ILL else JournalJob(n) for n in numbers]
        stage.put(((0, job) for job in jobs), queue)
    else:
        messages = [{"number": n, "fails": n % JOBS == ILL} for n in numbers]
        stage.put_raw(((0, json.dumps(message).encode()) for message in messages), queue)


def is_had(one: str, other: str, kind: str) -> bool:
    """Whether this version has both, and has them together."""
    names = [FEATURES[feature].partition("=")[0] for feature in (one, other)]
    if names[0] == names[1]:
        return False
    known: dict[str, Any] = {**vars(samovar), "AdmitsAll": object}
    settings = eval(f"dict({FEATURES[one]}, {FEATURES[other]})", known)
    if kind == "messages":
        settings["consumer"] = samovar.Consumer
    return not list(assembly.refusals(Topic(name="orders", **settings)))
