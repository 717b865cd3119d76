"""What is done for one partition does not cost more because there are many others."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from samovar.broker.embedded import EmbeddedBroker, groups
from samovar.broker.embedded.store import Store
from samovar.broker.port import Commit, TopicSpec


def steps_of_a_commit(path: Path, partitions: int) -> int:
    """Hundreds of SQLite's own steps."""
    with closing(EmbeddedBroker(path).admin()) as admin:
        admin.create_topics([TopicSpec(name="mail", partitions=partitions)])
    store = Store(path, synchronous="normal")
    with store.writing() as connection:
        group = groups.group_id(connection, "readers")
        member = groups.join(connection, group, ["mail"], pipe=None, now=0, lease=1)
        claims = groups.claim(connection, group, member, ())
        steps = 0

        def count() -> int:
            nonlocal steps
            steps += 1
            return 0

        connection.set_progress_handler(count, 100)
        written = groups.commit(connection, group, member, {claims[-1].partition_id: Commit(0)})
        connection.set_progress_handler(None, 0)
        assert written == 1
    store.close()
    return steps


def test_a_commit_costs_the_same_among_many_partitions(tmp_path: Path) -> None:
    few = steps_of_a_commit(tmp_path / "few.db", 10)

    assert steps_of_a_commit(tmp_path / "many.db", 3000) <= few + 5
