"""A process that consumes forks: its child ends in order, and the parent goes on reading."""

from __future__ import annotations

from tests.support.stage import Stage

FORKING = """
import os, sys
from samovar import backends
from samovar.errors import BrokerError
from samovar.settings import load
from tests.support.eventually import eventually


class Telling:
    def assigned(self, partitions): print("assigned", flush=True)
    def revoked(self, partitions): print("revoked", flush=True)
    def lost(self, partitions): print("lost", flush=True)


TOPIC = {topic!r}
consumer = backends.broker("kafka")(load().kafka, commit_interval=1.0).consumer("forking")
consumer.subscribe([TOPIC], Telling())
eventually(lambda: consumer.poll(10, 0.5), what="a record comes before the fork")
child = os.fork()
if child == 0:
    try:
        consumer.poll(1, 0.1)
    except BrokerError as refused:
        print(refused, flush=True)
    del consumer
    sys.exit(7)
_, status = os.waitpid(child, 0)
print("the child's status is", os.waitstatus_to_exitcode(status), flush=True)
consumer.seek((TOPIC, 0), 0)
eventually(lambda: consumer.poll(10, 0.5), what="a record comes after the fork")
consumer.close()
"""


def test_a_forked_child_leaves_its_parents_consumer_alone(kafka_stage: Stage) -> None:
    kafka_stage.create(partitions=1)
    kafka_stage.put_raw([(0, b"{}")])

    done = kafka_stage.script(FORKING.format(topic=kafka_stage.topic()))

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "assigned",
        "This Kafka consumer belongs to another process. Make another one in a forked process.",
        "the child's status is 7",
        "revoked",
    ]
