"""kill -9 of the supervisor of `--processes 2`: its children notice, and end by themselves."""

from __future__ import annotations

import signal

from tests.support.eventually import eventually
from tests.support.processes import children, has_ended
from tests.support.stage import Stage


def test_children_end_with_their_killed_supervisor(stage: Stage) -> None:
    stage.notice_the_dead()
    stage.create(partitions=8)

    with stage.worker("--processes", "2") as worker:
        number = stage.put_until(lambda journal: len(journal.pids()) == 2)
        orphans = children(worker.pid)
        assert len(orphans) == 2
        worker.signal(signal.SIGKILL)
        worker.wait()
        eventually(lambda: all(map(has_ended, orphans)), within=15, what="both children ended")

    with stage.steady_worker() as heir:
        stage.journal.wait_for("done", *range(number))
        heir.signal(signal.SIGTERM)
        assert heir.wait() == 0
    # They ended in order: what they had performed was marked.
    assert sorted(stage.journal.numbers("start")) == list(range(number))
