"""A file that cannot be used is a clear error, and loses nothing already stored."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from samovar.broker.embedded import EmbeddedBroker, file, schema
from samovar.broker.port import NewRecord, TopicPartition, TopicSpec
from samovar.errors import BrokerUnavailableError, StoreError
from tests.support.eventually import eventually

SOURCE = TopicPartition("mail", 0)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.db"


def fill(path: Path, count: int = 1) -> None:
    broker = EmbeddedBroker(path)
    admin, producer = broker.admin(), broker.producer()
    admin.create_topics([TopicSpec(name="mail", partitions=1)])
    producer.produce_many([NewRecord("mail", b"%d" % n) for n in range(count)])
    producer.close(1)
    admin.close()


def stored(path: Path) -> list[bytes | None]:
    with closing(EmbeddedBroker(path).admin()) as admin:
        return [record.value for record in admin.read(SOURCE, 0, 100_000)]


def refusal(path: Path) -> str:
    with closing(EmbeddedBroker(path).admin()) as admin, pytest.raises(StoreError) as raised:
        admin.topics()
    assert str(path) in str(raised.value)
    return str(raised.value)


def test_a_file_that_is_no_database_is_left_as_it_is(path: Path) -> None:
    path.write_bytes(b"dear diary, " * 1000)

    assert "not a Samovar log" in refusal(path)
    assert path.read_bytes() == b"dear diary, " * 1000


def test_another_programs_database_is_left_as_it_is(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE bookmarks (url TEXT)")
    before = path.read_bytes()

    assert "another program's SQLite file" in refusal(path)
    assert path.read_bytes() == before


def test_another_programs_stamp_is_respected(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA application_id = 7")

    assert "0x7" in refusal(path)


def test_an_empty_file_becomes_a_log(path: Path) -> None:
    path.touch()

    fill(path)

    assert stored(path) == [b"0"]


def test_a_newer_file_is_refused(path: Path) -> None:
    fill(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {schema.VERSION + 1}")

    assert f"version {schema.VERSION + 1}" in refusal(path)


def test_a_damaged_file_is_told(path: Path) -> None:
    fill(path, 5000)
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(os.urandom(size - 4096))

    admin = EmbeddedBroker(path).admin()
    with pytest.raises(StoreError, match="damaged"):
        admin.read(SOURCE, 0, 100_000)
    admin.close()


def test_a_cut_off_file_is_told(path: Path) -> None:
    fill(path, 5000)
    os.truncate(path, 8192)

    with closing(EmbeddedBroker(path).admin()) as admin, pytest.raises(StoreError, match="damaged"):
        admin.read(SOURCE, 0, 100_000)


def test_a_missing_directory_is_told(tmp_path: Path) -> None:
    assert "no directory" in refusal(tmp_path / "nowhere" / "log.db")


def test_a_directory_is_no_file(tmp_path: Path) -> None:
    assert "this is a directory" in refusal(tmp_path)


@pytest.mark.parametrize("name", ["log.db", "."])
def test_what_may_not_be_written_is_told(path: Path, name: str) -> None:
    fill(path)
    target = path.parent / name
    target.chmod(0o555)

    above = [str(p) for p in path.parent.parents if p.name.startswith(("pytest-", "popen-"))]
    told = in_other_process(
        f"""
        import os
        if os.getuid() == 0:  # The rights of files do not bind root.
            os.chmod({str(path.parent)!r}, 0o777 if {name!r} != "." else 0o555)
            for directory in {above!r}:
                os.chmod(directory, 0o755)
            os.setuid(65534)
        try:
            EmbeddedBroker({str(path)!r}).producer().produce(NewRecord("mail", b"x"))
        except StoreError as error:
            print(error)
        """
    )
    target.chmod(0o755)

    assert "read-only" in told or "may not write" in told
    assert stored(path) == [b"0"]


def test_a_full_disk_is_told_and_nothing_stored_is_lost(path: Path) -> None:
    fill(path, 100)

    told = in_other_process(
        f"""
        import resource
        producer = EmbeddedBroker({str(path)!r}).producer()
        producer.produce(NewRecord("mail", b"before"))
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, resource.RLIM_INFINITY))
        try:
            producer.produce_many([NewRecord("mail", b"x" * 1000)] * 1000)
        except StoreError as error:
            print(error)
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
        producer.produce(NewRecord("mail", b"after"))
        """
    )

    assert "nothing of what was already stored is lost" in told
    assert stored(path) == [*(b"%d" % n for n in range(100)), b"before", b"after"]


def test_a_full_file_is_told_and_the_producer_goes_on(path: Path) -> None:
    fill(path, 100)
    producer = EmbeddedBroker(path).producer()
    producer.produce(NewRecord("mail", b"before"))
    with producer._store.reading() as connection:
        connection.execute("PRAGMA max_page_count = 20")

    with pytest.raises(StoreError, match="disk is full"):
        producer.produce_many([NewRecord("mail", b"x" * 1000)] * 1000)
    with producer._store.reading() as connection:
        connection.execute("PRAGMA max_page_count = 1000000")
    producer.produce(NewRecord("mail", b"after"))
    producer.close(1)

    assert stored(path)[100:] == [b"before", b"after"]


def test_a_file_that_stays_locked_is_unavailable(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(path)
    producer = EmbeddedBroker(path).producer()
    monkeypatch.setattr(file, "PATIENCE_SECONDS", 0.1)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(BrokerUnavailableError, match="locked"):
            producer.produce(NewRecord("mail", b"x"))
        other.execute("ROLLBACK")

    producer.produce(NewRecord("mail", b"after"))
    producer.close(1)
    assert stored(path) == [b"0", b"after"]


def test_many_processes_may_be_the_first(path: Path) -> None:
    script = f"""
        print(flush=True)
        sys.stdin.readline()
        admin = EmbeddedBroker({str(path)!r}).admin()
        created = admin.create_topics([TopicSpec(name="mail", partitions=3)])
        assert admin.topics() == {{"mail": 3}}
        print(len(created))
        """
    processes = [start_process(script) for _ in range(8)]
    for process in processes:
        assert process.stdout
        process.stdout.readline()

    # All are up and waiting: now let them go at once.
    for process in processes:
        assert process.stdin
        process.stdin.write("\n")
        process.stdin.flush()
    answers = [process.communicate(timeout=60)[0].strip() for process in processes]

    assert sorted(answers) == ["0"] * 7 + ["1"]


def in_other_process(script: str) -> str:
    process = start_process(script)
    told, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    return told


def start_process(script: str) -> subprocess.Popen[str]:
    lines = script.strip("\n").split("\n")
    indent = len(lines[0]) - len(lines[0].lstrip())
    imports = (
        "import pathlib, sys\n"
        "from samovar.broker.embedded import EmbeddedBroker\n"
        "from samovar.broker.port import NewRecord, TopicSpec\n"
        "from samovar.errors import StoreError\n"
    )
    return subprocess.Popen(
        [sys.executable, "-c", imports + "\n".join(line[indent:] for line in lines)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


class _Hearer:
    """Hears of partitions, and does nothing."""

    def assigned(self, partitions: object) -> None: ...

    def revoked(self, partitions: object) -> None: ...

    def lost(self, partitions: object) -> None: ...


def test_a_file_deleted_in_use_is_told_to_reader_and_writer(path: Path) -> None:
    fill(path)
    broker = EmbeddedBroker(path)
    consumer, producer = broker.consumer("readers"), broker.producer()
    consumer.subscribe(["mail"], _Hearer())
    eventually(lambda: consumer.poll(10, 0.1), what="the first record comes")
    producer.produce(NewRecord("mail", b"1"))

    for beside in path.parent.glob("log.db*"):
        if beside.is_file():
            beside.unlink()

    def told(use: Callable[[], object]) -> bool:
        try:
            use()
        except StoreError as error:
            return "deleted, replaced" in str(error)
        return False

    eventually(lambda: told(lambda: consumer.poll(10, 0.1)), what="the reader is told")
    eventually(
        lambda: told(lambda: producer.produce(NewRecord("mail", b"2"))), what="the writer is told"
    )
    fill(path, 3)
    producer.produce(NewRecord("mail", b"3"))
    producer.close(1)
    consumer.close()
    assert stored(path) == [b"0", b"1", b"2", b"3"]
