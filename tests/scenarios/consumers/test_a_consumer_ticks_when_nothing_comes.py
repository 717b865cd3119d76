"""A topic's `periodic`: its consumer is called when there is nothing to consume."""

from __future__ import annotations

import signal

from samovar.broker.port import TopicPartition
from tests.support.eventually import eventually
from tests.support.stage import Stage

ROUTES = """
from samovar import Consumer
from tests.support import journal

class TickingConsumer(Consumer):
    def initialized(self):
        self.kept = []

    def consume(self):
        self.kept += self.messages

    def tick(self):
        (mine,) = [held for held in app.assignments if held.partition == self.partition]
        journal.write("tick", f"{mine.group} {mine.topic} {mine.generation}")
        if self.kept:
            self.mark_as_consumed(self.kept.pop())

app.topic("orders", consumer=TickingConsumer, manual_marks=True, periodic=0.3)
"""


def test_a_consumer_ticks_when_nothing_comes(stage: Stage) -> None:
    stage.declare(ROUTES)
    stage.create("orders", partitions=1)

    with stage.steady_worker() as worker:
        stage.journal.wait(lambda journal: len(journal.lines("tick")) > 1)
        stage.put_raw([(0, b"1"), (0, b"2")], "orders")
        source = TopicPartition(stage.topic("orders"), 0)
        eventually(lambda: stage.committed("orders") == {source: 2}, what="a tick has marked")
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0

    assert set(stage.journal.notes("tick")) == {f"{stage.prefix} {source.topic} 1"}
