"""Workers join and leave under load, idle ones among them: jobs go on, stops are quick.

There are more workers than partitions. Seen from outside: no committed position ever goes back.
"""

from __future__ import annotations

import itertools
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress

import pytest

from samovar.broker.port import TopicPartition
from samovar.errors import BrokerError
from tests.support.eventually import eventually
from tests.support.kafka_process import KafkaProcess
from tests.support.load import Load
from tests.support.stage import Stage
from tests.support.worker_process import WorkerProcess

PARTITIONS = 2
JOB_SECONDS = 0.02
#: Workers that are up at a time, at most.
CREW = 4
LONGEST_GAP_SECONDS = 3.0
#: In the classic protocol a stop that meets a rebalance sees it through, and librdkafka joins
#: at most once a second (`rkcg_join_intvl`), while a cooperative rebalance needs two joins.
LONGEST_STOP_SECONDS = {"classic": 1.5, "consumer": 1.0}
#: What two slow cores, which run other tests meanwhile, may add to each.
MARGIN_SECONDS = 2.0

PROTOCOLS = ("classic", "consumer")


@pytest.fixture(scope="module")
def quick_kafka() -> Iterator[KafkaProcess]:
    """Its members of the new protocol hear of each other every second, by the brokers' setting."""
    with KafkaProcess(properties={"group.consumer.heartbeat.interval.ms": "1000"}) as kafka:
        yield kafka


@pytest.fixture(params=PROTOCOLS)
def busy_stage(
    request: pytest.FixtureRequest,
    quick_kafka: KafkaProcess,
    tmp_path_factory: pytest.TempPathFactory,
    unique: Callable[[str], str],
) -> Iterator[Stage]:
    directory = tmp_path_factory.mktemp("stage")
    stage = Stage("kafka", directory=directory, prefix=unique("s"), kafka=quick_kafka)
    stage.configure("kafka", settings={"group.protocol": request.param})
    yield stage
    stage.close()


@pytest.mark.timeout(240)
def test_workers_come_and_go_without_a_gap(busy_stage: Stage) -> None:
    come_and_go(busy_stage, rounds=3, margin=MARGIN_SECONDS)


@pytest.mark.chaos
@pytest.mark.timeout(2400)
def test_workers_come_and_go_a_hundred_times_without_a_gap(
    busy_stage: Stage, chaos_report: Callable[..., None]
) -> None:
    chaos_report(**come_and_go(busy_stage, rounds=100))


def come_and_go(stage: Stage, *, rounds: int, margin: float = 0.0) -> dict[str, object]:
    stage.create(partitions=PARTITIONS)
    load = Load(stage, partitions=PARTITIONS, seconds=JOB_SECONDS, least=400)
    load.top_up()
    stops: list[float] = []
    with watching_positions(stage) as steps_back, ExitStack() as stack:
        up = [stack.enter_context(stage.steady_worker())]
        stage.journal.wait(lambda journal: journal.notes("done"))
        for _ in range(rounds):
            while len(up) < random.randint(2, CREW):
                up.append(stack.enter_context(stage.worker()))
            work_for(random.uniform(0, 3), load)
            leaver = up.pop(random.randrange(len(up)))
            leaver.wait_for_output("Queues:")
            stops.append(seconds_to_stop(leaver, stage, load))
        for worker in up:
            worker.wait_for_output("The worker has started")
        stage.journal.wait_for("done", *range(load.enqueued), within=120)
        ended = stage.journal.lines("done")[-1].at
        for worker in up:
            worker.signal(signal.SIGTERM)
        assert [worker.wait() for worker in up] == [0] * len(up)

    moments = [line.at for line in stage.journal.lines() if line.at <= ended]
    gap = max(after - before for before, after in itertools.pairwise(moments))
    started = stage.journal.numbers("start")
    counts = {
        "protocol": stage.settings.kafka.settings["group.protocol"],
        "left": rounds,
        "jobs": load.enqueued,
        "lost": load.enqueued - len(set(stage.journal.numbers())),
        "performed_twice": len(started) - len(set(started)),
        "longest_gap_seconds": round(gap, 2),
        "longest_stop_seconds": round(max(stops), 2),
        "steps_back": len(steps_back),
    }
    assert steps_back == [], counts
    assert (counts["lost"], counts["performed_twice"]) == (0, 0), counts
    assert gap < LONGEST_GAP_SECONDS + margin, counts
    assert max(stops) < LONGEST_STOP_SECONDS[str(counts["protocol"])] + margin, counts
    return counts


def work_for(seconds: float, load: Load) -> None:
    """Let the workers work, and never run out of jobs."""
    until = time.monotonic() + seconds

    def is_over() -> bool:
        load.news()
        load.top_up()
        return time.monotonic() > until

    eventually(is_over, within=seconds + 60, what="the workers have worked for a while")


def seconds_to_stop(worker: WorkerProcess, stage: Stage, load: Load) -> float:
    """From TERM, or the end of its last job if that is later, until it has ended."""
    asked = time.monotonic()
    worker.signal(signal.SIGTERM)
    while worker.returncode is None:
        work_for(0.02, load)
        assert time.monotonic() < asked + 30, "The worker does not stop."
    ended = time.monotonic()
    assert worker.returncode == 0
    lines = stage.journal.lines("done")
    return ended - max([asked, *(line.at for line in lines if line.pid == worker.pid)])


@contextmanager
def watching_positions(stage: Stage) -> Iterator[list[tuple[TopicPartition, int, int]]]:
    """Look at the group's committed positions all the while; whenever one went back is noted."""
    steps_back: list[tuple[TopicPartition, int, int]] = []
    is_over = threading.Event()

    def watch() -> None:
        admin = stage.broker.admin()
        seen: dict[TopicPartition, int] = {}
        while not is_over.wait(0.1):
            with suppress(BrokerError):
                for source, position in admin.committed(stage.prefix, stage.topic()).items():
                    if position < seen.get(source, 0):
                        steps_back.append((source, seen[source], position))
                    seen[source] = position
        admin.close()

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield steps_back
    finally:
        is_over.set()
        thread.join()
