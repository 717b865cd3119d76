"""Records that wait: in one place at any time, moved never early, by whoever is there."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samovar.broker.embedded import EmbeddedBroker, membership, schedule
from samovar.broker.embedded.producer import EmbeddedProducer
from samovar.broker.embedded.store import Store
from samovar.broker.port import NewRecord, TopicPartition, TopicSpec
from samovar.support import clock
from tests.support.eventually import eventually

PARTITIONS = 3
STEP = 1_000_000_000


class Log:
    """A log in a file, with a clock of its own."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / "log.db"
        self.broker = EmbeddedBroker(self.path, synchronous="normal")
        self.admin = self.broker.admin()
        self.admin.create_topics([TopicSpec(name="mail", partitions=PARTITIONS)])
        self.producer: EmbeddedProducer = self.broker.producer()
        self.mover = Store(self.path, synchronous="normal")

    def put(self, name: str, due_ns: int, key: bytes | None = None) -> None:
        value = name.encode()
        self.producer.produce(NewRecord("mail", value, key=key, due_ns=due_ns, schedule_key=name))

    def move(self) -> None:
        while schedule.move_due(self.mover):
            pass

    @property
    def lines(self) -> list[list[str]]:
        """What lies in each partition, in order."""
        places = [TopicPartition("mail", number) for number in range(PARTITIONS)]
        return [[(r.value or b"").decode() for r in self.admin.read(p, 0, 10**6)] for p in places]

    @property
    def moved(self) -> list[str]:
        return sorted(name for line in self.lines for name in line)

    @property
    def next_due(self) -> int | None:
        with self.mover.reading() as connection:
            return schedule.next_due(connection)

    def close(self) -> None:
        self.mover.close()
        self.producer.close(1)
        self.admin.close()


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    with closing(Log(tmp_path)) as log:
        yield log


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A clock that the test sets: nanoseconds since the epoch, in a list of one."""
    now = [1_000 * STEP]
    monkeypatch.setattr(clock, "now_ns", lambda: now[0])
    return now


def test_nothing_is_moved_a_nanosecond_early(log: Log, now: list[int]) -> None:
    due_ns = now[0] + STEP
    log.put("a", due_ns)

    now[0] = due_ns - 1
    log.move()
    assert log.moved == []
    assert log.next_due == due_ns

    now[0] = due_ns
    log.move()
    assert log.moved == ["a"]
    assert log.next_due is None


def test_more_than_a_chunk_is_moved_in_the_order_of_its_times(log: Log, now: list[int]) -> None:
    count = 2 * schedule.MOVE_CHUNK + 10
    names = [f"{number:05}" for number in range(count)]
    log.producer.produce_many(
        [
            NewRecord("mail", name.encode(), partition=1, due_ns=now[0] + STEP + place)
            for place, name in reversed(list(enumerate(names)))
        ]
    )

    now[0] += 2 * STEP
    log.move()

    assert log.lines == [[], names, []]


def test_records_without_a_key_are_spread_over_the_partitions(log: Log, now: list[int]) -> None:
    for number in range(30):
        log.put(str(number), now[0] + STEP)

    now[0] += STEP
    log.move()

    assert [len(line) for line in log.lines] == [10, 10, 10]


def test_a_time_beyond_sqlites_numbers_waits_all_the_same(log: Log) -> None:
    log.put("a", 2**70)

    log.move()

    assert log.moved == []
    assert log.producer.cancel_scheduled("a")


def test_what_waits_is_there_when_the_file_is_opened_again(log: Log, now: list[int]) -> None:
    log.put("a", now[0] + STEP)
    log.close()

    with closing(Log(log.path.parent)) as again:
        now[0] += STEP
        again.move()
        assert again.moved == ["a"]


def test_what_an_older_version_left_of_a_deleted_topic_does_no_harm(
    log: Log, now: list[int]
) -> None:
    log.put("a", now[0] + STEP)
    log.put("b", now[0] + STEP)
    with log.mover.writing() as connection:
        connection.execute("UPDATE scheduled SET topic_id = 99 WHERE schedule_key = 'a'")

    now[0] += STEP
    log.move()

    assert log.moved == ["b"]
    assert log.next_due is None


names = st.integers(0, 9).map(str)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("put"), names, st.integers(-3, 10)),
        st.tuples(st.just("cancel"), names, st.just(0)),
        st.tuples(st.just("move"), st.just(""), st.integers(0, 4)),
    ),
    max_size=40,
)


@settings(max_examples=60)
@given(steps)
def test_whatever_happens_each_record_is_in_one_place(
    history: list[tuple[str, str, int]],
) -> None:
    with (
        pytest.MonkeyPatch.context() as patch,
        TemporaryDirectory() as directory,
        closing(Log(Path(directory))) as log,
    ):
        now = [1_000 * STEP]
        patch.setattr(clock, "now_ns", lambda: now[0])
        waiting: Counter[tuple[str, int]] = Counter()
        moved: list[str] = []
        for what, name, number in history:
            if what == "put":
                due_ns = now[0] + number * STEP
                log.put(name, due_ns)
                if number > 0:  # in place of what waits under that name
                    for each in [each for each in waiting if each[0] == name]:
                        del waiting[each]
                    waiting[name, due_ns] += 1
                else:
                    moved.append(name)
            elif what == "cancel":
                mine = [each for each in waiting if each[0] == name]
                assert log.producer.cancel_scheduled(name) == bool(mine)
                for each in mine:
                    del waiting[each]
            else:
                now[0] += number * STEP
                log.move()
                for each in [w for w in waiting if w[1] <= now[0]]:
                    moved += [each[0]] * waiting.pop(each)
            assert log.moved == sorted(moved)
            assert log.next_due == min((due for _, due in waiting), default=None)


def test_a_poll_of_any_group_brings_what_is_due_to_all(log: Log) -> None:
    log.admin.create_topics([TopicSpec(name="other", partitions=1)])
    consumer = log.broker.consumer("reads-other-things")
    consumer.subscribe(["other"], Silent())
    log.put("a", time.time_ns() + STEP // 10)

    def polled() -> bool:
        consumer.poll(10, 0.05)
        return log.moved == ["a"]

    eventually(polled, what="the record was moved")
    consumer.close()


def test_a_sleeping_consumer_is_woken_for_what_is_due_and_for_nothing_else(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(membership, "TICK_SECONDS", 60.0)
    consumer = log.broker.consumer("app")
    consumer.subscribe(["mail"], Silent())
    consumer.poll(10, 0.1)
    log.put("later", time.time_ns() + 3600 * STEP)
    earlier = threading.Timer(0.1, lambda: log.put("earlier", time.time_ns() + STEP // 5))

    started = time.monotonic()
    earlier.start()
    batches = consumer.poll(10, 30)

    assert [record.value for batch in batches for record in batch.records] == [b"earlier"]
    assert time.monotonic() - started < 15
    earlier.join()
    consumer.close()


class Silent:
    def assigned(self, partitions: object) -> None: ...

    def revoked(self, partitions: object) -> None: ...

    def lost(self, partitions: object) -> None: ...


def test_processes_that_move_at_once_move_each_record_once(log: Log) -> None:
    script = f"""
import time
from samovar.broker.embedded import schedule
from samovar.broker.embedded.store import Store
from pathlib import Path
store = Store(Path({str(log.path)!r}), synchronous="normal")
print("ready", flush=True)
until = time.monotonic() + 20
while time.monotonic() < until:
    with store.reading() as connection:
        if schedule.next_due(connection) is None:
            break
    schedule.move_due(store)
"""
    base = time.time_ns() + STEP
    log.producer.produce_many(
        [NewRecord("mail", b"%05d" % n, due_ns=base + n * 100_000) for n in range(5000)]
    )
    movers = [
        subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) for _ in range(4)
    ]
    eventually(lambda: log.moved, what="something was moved")
    movers[0].kill()

    assert [mover.wait(60) for mover in movers[1:]] == [0, 0, 0]
    movers[0].wait()
    for mover in movers:
        assert mover.stdout
        mover.stdout.close()
    assert log.moved == [f"{n:05}" for n in range(5000)]


def test_either_it_is_cancelled_or_it_comes(log: Log) -> None:
    base = time.time_ns() + STEP // 5
    numbers = [str(number) for number in range(300)]
    log.producer.produce_many(
        [
            NewRecord("mail", n.encode(), due_ns=base + int(n) * 1_000_000, schedule_key=n)
            for n in numbers
        ]
    )
    cancelled: list[str] = []

    def cancel() -> None:
        until = base / 1e9
        for number in numbers:
            while time.time() < until + int(number) / 1000:
                pass
            if log.producer.cancel_scheduled(number):
                cancelled.append(number)

    thread = threading.Thread(target=cancel)
    thread.start()
    while thread.is_alive():
        log.move()
    thread.join()
    log.move()

    assert sorted([*cancelled, *log.moved]) == sorted(numbers)
