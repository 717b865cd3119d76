"""One file is one log, whatever name it is used by; and what lies beside it is ours."""

from __future__ import annotations

import os
import stat
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from samovar.broker.embedded import EmbeddedBroker, place
from samovar.broker.embedded.wake_directory import WakeDirectory
from samovar.broker.embedded.wake_pipe import WakePipe, Waker
from samovar.broker.port import NewRecord, TopicPartition, TopicSpec
from samovar.errors import StoreError
from tests.support.eventually import eventually

SOURCE = TopicPartition("mail", 0)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "shared").mkdir()
    path = tmp_path / "shared" / "log.db"
    fill(path, b"first")
    return path


def fill(path: Path, *values: bytes) -> None:
    broker = EmbeddedBroker(path)
    with closing(broker.admin()) as admin:
        admin.create_topics([TopicSpec(name="mail", partitions=2)])
    producer = broker.producer()
    producer.produce_many([NewRecord("mail", value, partition=0) for value in values])
    producer.close(1)


def refusal(path: Path) -> str:
    with pytest.raises(StoreError) as raised:
        EmbeddedBroker(path).admin().topics()
    return str(raised.value)


class Listener:
    def __init__(self) -> None:
        self.held: set[TopicPartition] = set()

    def assigned(self, partitions: Sequence[TopicPartition]) -> None:
        self.held.update(partitions)

    def revoked(self, partitions: Sequence[TopicPartition]) -> None:
        self.held.difference_update(partitions)

    lost = revoked


def link_to_the_file(path: Path, elsewhere: Path) -> Path:
    link = elsewhere / "samovar.db"
    link.symlink_to(path)
    return link


def link_to_the_directory(path: Path, elsewhere: Path) -> Path:
    link = elsewhere / "current"
    link.symlink_to(path.parent)
    return link / path.name


def link_before_the_file(path: Path, elsewhere: Path) -> Path:
    for file in list(path.parent.iterdir()):
        if file.is_file():
            file.unlink()
    return link_to_the_file(path, elsewhere)


def roundabout(path: Path, elsewhere: Path) -> Path:
    return elsewhere / ".." / path.parent.name / path.name


@pytest.mark.parametrize(
    "name", [link_to_the_file, link_to_the_directory, link_before_the_file, roundabout]
)
def test_members_by_two_names_share_the_partitions(
    path: Path, tmp_path: Path, name: Callable[[Path, Path], Path]
) -> None:
    (elsewhere := tmp_path / "release-2").mkdir()
    other = name(path, elsewhere)
    fill(other, b"second")
    listeners = [Listener(), Listener()]
    consumers = [EmbeddedBroker(p).consumer("readers") for p in (path, other)]
    for consumer, listener in zip(consumers, listeners, strict=True):
        consumer.subscribe(["mail"], listener)

    def are_settled() -> bool:
        for consumer in consumers:
            consumer.poll(10, 0)
        return [len(listener.held) for listener in listeners] == [1, 1]

    eventually(are_settled)
    until = [0]

    def went_on() -> bool:
        until[0] += 1
        assert are_settled()
        return until[0] > 20

    eventually(went_on)
    for consumer in consumers:
        consumer.close()
    beside = {file.name for file in (*elsewhere.iterdir(), *path.parent.iterdir())}
    assert beside - {"current", "samovar.db"} <= {
        "log.db",
        "log.db-wal",
        "log.db-shm",
        "log.db-bells",
    }


def test_a_file_with_two_hard_links_is_refused(path: Path) -> None:
    os.link(path, path.with_name("other.db"))

    assert "2 names (hard links)" in refusal(path)
    assert "2 names (hard links)" in refusal(path.with_name("other.db"))


def test_a_file_that_is_mounted_alone_is_refused(path: Path, tmp_path: Path) -> None:
    target = tmp_path / "in container.db"
    target.touch()
    mounted = subprocess.run(["mount", "--bind", path, target], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("this user may not mount")
    try:
        assert "mounted there" in refusal(target)
    finally:
        subprocess.run(["umount", target], check=True)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("/", "directory"),
        ("/" + "x" * 300, "File name too long"),
        ("/" + "x" * 250, "File name too long"),  # of the -wal file
        ("/tmp/" + "x/" * 3000 + "log.db", "File name too long"),
        ("/tmp/a\0b", "null"),
        ("/dev/null", "no regular file"),
    ],
    ids=["root", "long name", "long names beside it", "long path", "NUL", "device"],
)
def test_a_path_that_cannot_be_is_a_clear_error(name: str, said: str) -> None:
    with pytest.raises(StoreError, match=said) as raised:
        EmbeddedBroker(name).producer().produce(NewRecord("mail", b"x"))

    assert len(str(raised.value)) < 500
    with pytest.raises(StoreError, match=said):
        EmbeddedBroker(name).admin().topics()


def deleted(path: Path) -> None:
    for file in path.parent.glob("log.db*"):
        if file.is_file():
            file.unlink()


def replaced(path: Path) -> None:
    fill(path.with_name("new.db"), b"theirs")
    path.with_name("new.db").rename(path)


def emptied(path: Path) -> None:
    os.truncate(path, 0)


@pytest.mark.parametrize("how", [deleted, replaced, emptied])
def test_the_first_enqueue_after_the_file_has_gone_is_refused(
    path: Path, how: Callable[[Path], None]
) -> None:
    producer = EmbeddedBroker(path).producer()
    producer.produce(NewRecord("mail", b"x"))
    how(path)

    with pytest.raises(StoreError, match="deleted, replaced or emptied"):
        producer.produce(NewRecord("mail", b"y"))
    producer.close(1)


def test_the_first_enqueue_after_a_link_leads_elsewhere_is_refused(
    path: Path, tmp_path: Path
) -> None:
    link = link_to_the_file(path, tmp_path)
    producer = EmbeddedBroker(link).producer()
    producer.produce(NewRecord("mail", b"x"))
    fill(tmp_path / "other.db")
    link.unlink()
    link.symlink_to(tmp_path / "other.db")

    with pytest.raises(StoreError, match="replaced"):
        producer.produce(NewRecord("mail", b"y"))
    producer.close(1)


@pytest.fixture
def umask() -> Iterator[Callable[[int], None]]:
    before = os.umask(0o022)

    def set_mask(mask: int) -> None:
        os.umask(mask)

    yield set_mask
    os.umask(before)


@pytest.mark.parametrize(
    ("mask", "file_mode", "directory_mode"),
    [(0o077, 0o600, 0o700), (0o022, 0o644, 0o700), (0o002, 0o664, 0o770), (0o000, 0o666, 0o777)],
)
def test_the_umask_says_who_may_use_a_log(
    tmp_path: Path,
    umask: Callable[[int], None],
    mask: int,
    file_mode: int,
    directory_mode: int,
) -> None:
    umask(mask)
    path = tmp_path / "log.db"
    fill(path)
    pipe = WakePipe(WakeDirectory(path))

    assert stat.S_IMODE(path.stat().st_mode) == file_mode
    assert stat.S_IMODE(WakeDirectory(path).path.stat().st_mode) == directory_mode
    pipe.close()


def a_link(directory: Path, elsewhere: Path) -> None:
    directory.symlink_to(elsewhere)


def a_file(directory: Path, elsewhere: Path) -> None:
    directory.touch()


def anothers(directory: Path, elsewhere: Path) -> None:
    if os.geteuid():
        pytest.skip("only root can give a directory away")
    directory.mkdir()
    os.chown(directory, 1, -1)


def open_to_all(directory: Path, elsewhere: Path) -> None:
    directory.mkdir()
    directory.chmod(0o777)


@pytest.mark.parametrize("how", [a_link, a_file, anothers, open_to_all])
def test_a_directory_of_pipes_that_others_could_fill_is_refused_by_name(
    path: Path, tmp_path: Path, how: Callable[[Path, Path], None]
) -> None:
    (elsewhere := tmp_path / "elsewhere").mkdir()
    os.mkfifo(elsewhere / ("a" * 16))
    directory = WakeDirectory(path)
    how(directory.path, elsewhere)

    with pytest.raises(StoreError, match=r"log\.db-bells"):
        EmbeddedBroker(path).consumer("readers").subscribe(["mail"], Listener())

    producer = EmbeddedBroker(path).producer()  # nobody is rung, and the record is stored
    producer.produce(NewRecord("mail", b"x"))
    producer.close(1)
    assert [file.name for file in elsewhere.iterdir()] == ["a" * 16]


def test_what_is_no_wake_pipe_is_neither_written_nor_removed(path: Path, tmp_path: Path) -> None:
    directory = WakeDirectory(path)
    pipe = WakePipe(directory)
    treasure = tmp_path / "treasure"
    treasure.write_text("gold")
    (directory.path / ("a" * 16)).symlink_to(treasure)
    (directory.path / ("b" * 16)).symlink_to(tmp_path / "nowhere")
    (directory.path / ("c" * 16)).write_text("a file")
    os.mkfifo(tmp_path / "foreign")
    (directory.path / ("d" * 16)).symlink_to(tmp_path / "foreign")
    os.mkfifo(directory.path / "a-pipe-of-another-program")
    os.mkfifo(directory.path / ("e" * 16))  # as a dead process leaves it
    waker = Waker(directory)

    waker.wake()
    directory.remove_abandoned()
    for name in "abcd":
        directory.remove(name * 16)

    assert pipe.wait(0)
    assert treasure.read_text() == "gold"
    assert (directory.path / ("c" * 16)).read_text() == "a file"
    left = {file.name for file in directory.path.iterdir()}
    assert left == {pipe.name, *(c * 16 for c in "abcd"), "a-pipe-of-another-program"}
    waker.close()
    pipe.close()


def test_an_empty_file_has_no_identity_yet(tmp_path: Path) -> None:
    (tmp_path / "log.db").touch()

    assert place.identity(str(tmp_path / "log.db")) is None
