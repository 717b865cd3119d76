"""What a job leaves in a context variable is gone when the next one runs, in whatever thread."""

from __future__ import annotations

import signal

import pytest

from samovar import Job
from tests.jobs.sample import NoticingCoroutineJob, NoticingJob
from tests.support.stage import Stage


@pytest.mark.parametrize("job_class", [NoticingJob, NoticingCoroutineJob])
def test_a_job_sees_no_context_of_another(stage: Stage, job_class: type[Job]) -> None:
    stage.create(partitions=4)
    stage.put((n % 4, job_class(n)) for n in range(40))

    with stage.steady_worker() as worker:
        stage.journal.wait_for("done", *range(40))
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0

    assert stage.journal.notes("seen") == ["None"] * 40
    assert stage.journal.notes("overwritten") == []
