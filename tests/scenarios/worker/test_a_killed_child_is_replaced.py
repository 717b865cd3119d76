"""`--processes 2`: a child that is killed gets a successor, and every job is performed."""

from __future__ import annotations

import os
import signal

from tests.support.eventually import eventually
from tests.support.processes import children, has_ended
from tests.support.stage import Stage


def test_a_killed_child_is_replaced(stage: Stage) -> None:
    stage.notice_the_dead()
    stage.create(partitions=8)

    with stage.worker("--processes", "2") as worker:
        number = stage.put_until(lambda journal: len(journal.pids()) == 2)
        first = children(worker.pid)
        assert stage.journal.pids() == set(first)
        os.kill(first[0], signal.SIGKILL)
        (second,) = eventually(
            lambda: [pid for pid in children(worker.pid) if pid not in first],
            what="another child runs",
        )
        number = stage.put_until(lambda journal: second in journal.pids(), first=number)
        stage.journal.wait_for("done", *range(number))
        worker.signal(signal.SIGTERM)

        assert worker.wait() == 0
        assert all(has_ended(pid) for pid in [*first, second])
