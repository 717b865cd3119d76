"""A class with a schedule topic of its own waits there; what has one key leaves in order."""

from __future__ import annotations

from tests.support.eventually import eventually
from tests.support.stage import Stage

MODULE = """
from samovar import Job, kafka_options, retry_on
from tests.support import journal

@kafka_options(scheduled_messages_topic="patience", partitioner=lambda job: job.arguments[0])
@retry_on(TimeoutError, wait=5)
class PatientJob(Job):
    def perform(self, user, number):
        journal.write("done", f"{user}-{number}")
"""
ENQUEUE = """
import patient, samovar
samovar.perform_all_later(
    [patient.PatientJob(f"u{n % 3}", n).set(wait=2) for n in range(60)]
)
"""


def test_what_has_one_key_leaves_in_order(kafka_stage: Stage) -> None:
    stage = kafka_stage
    (stage.directory / "patient.py").write_text(MODULE)
    stage.configure(imports=["patient"])
    assert stage.script(ENQUEUE).returncode == 0
    assert len(stage.records("patience")) == 60

    with stage.steady_worker():
        eventually(lambda: len(stage.journal.notes()) == 60)

    for user in ("u0", "u1", "u2"):
        done = [note for note in stage.journal.notes() if note.startswith(user)]
        assert done == sorted(done, key=lambda note: int(note.split("-")[1]))
    places = {r.key for r in stage.records()}
    assert places == {b"u0", b"u1", b"u2"}
