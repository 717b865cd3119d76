"""A worker on Kafka starts only when jobs that will wait have a place for it; without, they run."""

from __future__ import annotations

from tests.support.stage import Stage

MODULE = """
from datetime import timedelta
from samovar import Continuable, Job, retry_on

@retry_on(TimeoutError, OSError, wait=5)
class PatientJob(Job):
    def perform(self): ...

@retry_on(ValueError, wait="polynomially_longer")
class EverLongerJob(PatientJob):
    def perform(self): ...

class ImportJob(Continuable, Job):
    resume_options = {"wait": timedelta(minutes=1)}
    def perform(self): ...

@retry_on(TimeoutError, wait=0, jitter=0)
class HastyJob(Continuable, Job):
    resume_options = {"wait": 0}
    def perform(self): ...
"""
#: What a worker says of them.
TOLD = (
    "PatientJob: retry_on(TimeoutError, OSError, wait=5) waits",
    "EverLongerJob: retry_on(ValueError, wait='polynomially_longer') waits",
    "EverLongerJob: retry_on(TimeoutError, OSError, wait=5) waits",
    "ImportJob: resume_options = {'wait': datetime.timedelta(seconds=60)} waits",
    'app.scheduled_messages("scheduled_jobs")',
)


def test_all_classes_that_wait_without_a_topic_are_told_at_the_start(kafka_stage: Stage) -> None:
    """M02."""
    (kafka_stage.directory / "patient.py").write_text(MODULE)
    kafka_stage.configure(imports=["patient"])

    with kafka_stage.worker() as worker:
        assert worker.wait() == 1

    for words in TOLD:
        assert words in worker.output
    assert "HastyJob: " not in worker.output


def test_with_a_topic_they_are_welcome(kafka_stage: Stage) -> None:
    (kafka_stage.directory / "patient.py").write_text(MODULE)
    kafka_stage.configure(imports=["patient"])
    kafka_stage.declare('app.scheduled_messages("scheduled_jobs")')

    with kafka_stage.steady_worker():
        pass
