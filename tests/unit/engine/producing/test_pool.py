"""One producer for each way of sending; a barrier stands behind them all."""

from __future__ import annotations

from typing import Any, cast

from samovar.broker.port import NO_CONFIG
from samovar.engine.producing.pool import ProducerPool


class Barrier:
    def __init__(self) -> None:
        self.passed = False


class Producer:
    def __init__(self, topic_config: Any) -> None:
        self.topic_config = dict(topic_config)
        self.barriers: list[Barrier] = []
        self.outstanding = 0

    def barrier(self) -> Barrier:
        self.barriers.append(Barrier())
        return self.barriers[-1]

    def flush(self, timeout: float) -> int:
        return self.outstanding

    def close(self, timeout: float) -> int:
        return self.outstanding


def make(topic_config: Any) -> Any:
    return Producer(topic_config)


def the(pool: ProducerPool, **topic_config: Any) -> Producer:
    named = {name.replace("_", "."): value for name, value in topic_config.items()}
    return cast(Any, pool.producer(named))


def test_the_same_settings_give_the_same_producer() -> None:
    pool = ProducerPool(make)

    assert the(pool, acks=1) is the(pool, acks=1)
    assert the(pool, acks=1, linger_ms=5) is the(pool, linger_ms=5, acks=1)
    assert the(pool, acks=1) is not the(pool, acks="all")
    assert pool.usual is pool.producer(NO_CONFIG)
    assert the(pool, acks=1).topic_config == {"acks": 1}


def test_a_barrier_is_passed_when_every_producer_has_delivered() -> None:
    pool = ProducerPool(make)
    producers = [cast(Any, pool.usual), the(pool, acks=1)]

    barrier = pool.barrier()
    assert not barrier.passed
    producers[1].barriers[0].passed = True
    assert not barrier.passed
    producers[0].barriers[0].passed = True
    assert barrier.passed


def test_the_barrier_of_one_producer_is_its_own() -> None:
    pool = ProducerPool(make)
    usual = cast(Any, pool.usual)

    assert pool.barrier() is usual.barriers[0]


def test_nothing_is_outstanding_before_the_first_producer() -> None:
    pool = ProducerPool(make)

    assert pool.barrier().passed
    assert pool.close(0) == 0


def test_what_is_outstanding_anywhere_counts() -> None:
    pool = ProducerPool(make)
    cast(Any, pool.usual).outstanding = 2
    the(pool, acks=1).outstanding = 3

    assert pool.flush(0) == 5
    assert pool.close(0) == 5
