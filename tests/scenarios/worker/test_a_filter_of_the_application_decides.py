"""`filters`: the application's own code holds a partition, skips records, and admits them (I04)."""

from __future__ import annotations

import signal

from tests.jobs.sample import JournalJob
from tests.support.stage import Stage

#: Holds until the test opens gate 0, then skips every other record. The second one fails once.
ROUTES = """
import pathlib
from samovar import Admit, Hold, Skip

class EveryOther:
    def __init__(self, topic, partition):
        assert topic.endswith(".default") and partition in (0, 1)

    def admit(self, record, now):
        if not pathlib.Path("gate-0").exists():
            return Hold(now + 0.1)
        return Skip("odd") if record.offset % 2 else Admit()

class Stumbles:
    def __init__(self, topic, partition):
        self.has_failed = False

    def admit(self, record, now):
        if not self.has_failed:
            self.has_failed = True
            raise RuntimeError("the filter stumbles")
        return Admit()

quick = Pause(timeout=0.05, max_timeout=0.1)
app.job_topic("default", filters=[EveryOther, Stumbles], pause=quick)
app.job_topic("free")
"""


def test_a_filter_of_the_application_decides(stage: Stage) -> None:
    stage.declare(ROUTES)
    for queue in ("default", "free"):
        stage.create(queue, partitions=2)
    stage.put([(n % 2, JournalJob(n)) for n in range(20)])
    stage.put([(n % 2, JournalJob(n)) for n in range(100, 140)], "free")

    with stage.steady_worker() as worker:
        stage.journal.wait_for("done", *range(100, 140))
        assert min(stage.journal.numbers("start")) == 100
        stage.open_gate(0)
        stage.journal.wait_for("done", *(n for n in range(20) if n // 2 % 2 == 0))
        worker.wait_for_output("the filter stumbles")
        worker.wait_for_output("odd")
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0

    started = [n for n in stage.journal.numbers("start") if n < 100]
    assert sorted(started) == [n for n in range(20) if n // 2 % 2 == 0]
    assert set(stage.committed().values()) == {10}
