"""Workers of several applications keep one schedule topic together. One that was frozen while it
let jobs leave, and whose partition another application's worker has by then, may not go on.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from samovar.broker.embedded import EmbeddedBroker
from samovar.broker.port import AtomicProducer, NewRecord
from samovar.engine.kept.keeper import Keeper
from samovar.engine.routing.routes import Routes
from samovar.engine.scheduled.scheduling import Scheduling
from samovar.engine.topics.existing import Topics
from samovar.errors import FencedError
from tests.support.eventually import eventually


class Frozen(EmbeddedBroker):
    """Keeps the producers of its keepers open, as a process does that is frozen."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.made: list[Any] = []

    def atomic_producer(self, name: str) -> AtomicProducer:
        producer: Any = super().atomic_producer(name)
        producer.close = lambda: None
        self.made.append(producer)
        return producer


def keeper_of(group: str, broker: EmbeddedBroker) -> Keeper:
    topics = Topics(broker.admin())
    scheduling = Scheduling(str, group)
    scheduling.schedules.declare("schedules", partitions=1)
    topics.ensure(scheduling.topics())
    (keeper,) = scheduling.keepers(
        broker=broker, producer=broker.producer(), topics=topics, routes=Routes(str)
    )
    return keeper


def keep_until(condition: Callable[[], bool], keeper: Keeper) -> None:
    keeper.start()
    eventually(condition, within=30)
    keeper.stop()
    keeper.join(30)


def test_a_former_keeper_of_another_application_is_fenced(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    frozen, next_one = Frozen(path), EmbeddedBroker(path)
    shop, mail = keeper_of("shop", frozen), keeper_of("mail", next_one)
    admin = frozen.admin()

    def markers() -> int:
        return sum(marks.high for marks in admin.watermarks("schedules").values())

    keep_until(lambda: markers() == 1, shop)
    keep_until(lambda: markers() == 2, mail)

    (former,) = frozen.made
    with pytest.raises(FencedError):
        former.produce_atomically([NewRecord("schedules", None, key=b"job", partition=0)])
