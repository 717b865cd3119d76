"""An application that enqueues while it is imported: a worker delivers that, too, patiently."""

from __future__ import annotations

from tests.support.stage import Stage

ENQUEUES = """
from samovar.broker.kafka.broker import KafkaBroker
from tests.jobs.sample import JournalJob

make = KafkaBroker.producer


def producer(self, *, patient=False, **tuning):
    print("A producer was made,", "patient." if patient else "impatient.", flush=True)
    return make(self, patient=patient, **tuning)


KafkaBroker.producer = producer
JournalJob.perform_later(1)
"""


def test_what_a_worker_enqueues_while_it_starts_is_never_given_up(kafka_stage: Stage) -> None:
    kafka_stage.declare(ENQUEUES)

    with kafka_stage.steady_worker() as worker:
        kafka_stage.journal.wait_for("done", 1)

        made = [line for line in worker.output.splitlines() if "producer was made" in line]
    assert made == ["A producer was made, patient."]


def test_a_script_gives_up_in_time(kafka_stage: Stage) -> None:
    kafka_stage.declare(ENQUEUES)

    done = kafka_stage.script("from samovar.loading import load_app\nload_app()")

    assert done.stdout.splitlines() == ["A producer was made, impatient."]
