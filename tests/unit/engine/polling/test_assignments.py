"""What a worker says it holds."""

from __future__ import annotations

from samovar.broker.port import TopicPartition
from samovar.engine.polling.assignments import Assigned, Assignments

ONE, TWO = TopicPartition("orders", 0), TopicPartition("orders", 1)


def test_each_time_that_a_partition_comes_it_has_another_generation() -> None:
    assignments = Assignments()
    assignments.came("app", [TWO, ONE])
    assert assignments.now() == (Assigned("app", *ONE, 1), Assigned("app", *TWO, 1))

    assignments.left("app", [ONE])
    assert assignments.now() == (Assigned("app", *TWO, 1),)
    assignments.came("app", [ONE])
    assert assignments.now() == (Assigned("app", *ONE, 2), Assigned("app", *TWO, 1))


def test_groups_are_counted_apart() -> None:
    assignments = Assignments()
    assignments.came("app", [ONE])
    assignments.came("other", [ONE])
    assignments.left("app", [ONE])

    assert assignments.now() == (Assigned("other", *ONE, 1),)
