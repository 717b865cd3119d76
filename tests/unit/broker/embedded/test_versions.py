"""A file of an earlier version becomes one of this version, with all that is in it."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from samovar.broker.embedded import EmbeddedBroker, schema
from samovar.broker.port import Batch, TopicPartition, TopicSpec
from tests.support.eventually import eventually

#: A log as version 1 left it: its group "app" has done with the first record of mail[0].
VERSION_1 = Path(__file__).with_name("version_1.sql")


class Listening:
    def assigned(self, partitions: Sequence[TopicPartition]) -> None: ...

    def revoked(self, partitions: Sequence[TopicPartition]) -> None: ...

    def lost(self, partitions: Sequence[TopicPartition]) -> None: ...


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "log.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(VERSION_1.read_text())
    return path


def version(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("PRAGMA user_version").fetchone()[0]


def tables(path: Path) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT name, sql FROM sqlite_master ORDER BY name")
        return [(name, " ".join((sql or "").split())) for name, sql in rows]


def test_a_file_of_version_1_goes_on_where_it_was(path: Path) -> None:
    broker = EmbeddedBroker(path)
    with closing(broker.admin()) as admin, closing(broker.consumer("app")) as consumer:
        consumer.subscribe(["mail"], Listening())
        came: list[Batch] = []

        def all_came() -> bool:
            came.extend(consumer.poll(10, 0.1))
            return sum(len(batch.records) for batch in came) == 3

        eventually(all_came, what="the records that were left came")

        values = {batch.source: [r.value for r in batch.records] for batch in came}
        assert values == {
            TopicPartition("mail", 0): [b"2"],
            TopicPartition("mail", 1): [b"1", b"3"],
        }
        assert admin.committed("app", "mail") == {TopicPartition("mail", 0): 1}
    assert version(path) == schema.VERSION


def test_what_version_1_took_for_dead_letters_is_marked(path: Path) -> None:
    with closing(EmbeddedBroker(path).admin()) as admin:
        assert admin.dead_letter_topics() == {"mail_dead"}


def test_a_renewed_file_is_as_a_new_one(path: Path) -> None:
    new = path.with_name("new.db")
    for each in (path, new):
        with closing(EmbeddedBroker(each).admin()) as admin:
            admin.create_topics([])

    assert tables(path) == tables(new)


def test_many_may_renew_a_file_at_once(path: Path) -> None:
    broker = EmbeddedBroker(path)
    seen: list[dict[str, int]] = []

    def look() -> None:
        with closing(broker.admin()) as admin:
            seen.append(admin.topics())

    threads = [threading.Thread(target=look) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert seen == [{"mail": 2, "mail_dead": 2, "lone_dead": 2}] * 8


def test_a_renewal_that_breaks_off_changes_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = tables(path)
    monkeypatch.setattr(schema, "_VERSIONS", (*schema._VERSIONS, ("NO SQL AT ALL",)))

    with closing(EmbeddedBroker(path).admin()) as admin, pytest.raises(Exception, match="syntax"):
        admin.topics()

    assert (version(path), tables(path)) == (1, before)


def test_a_process_of_the_version_before_goes_on_with_a_renewed_file(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as old:
        old.execute("SELECT count(*) FROM topics")
        with closing(EmbeddedBroker(path).admin()) as admin:
            admin.create_topics([TopicSpec(name="new", partitions=1)])
            old.execute("INSERT OR IGNORE INTO topics (name) VALUES ('old')")

            assert {"new", "old"} <= {name for (name,) in old.execute("SELECT name FROM topics")}
            assert admin.dead_letter_topics() == {"mail_dead"}
