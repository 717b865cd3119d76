"""Celery on Redis, with its defaults; only its results are turned off."""

from __future__ import annotations

from typing import Any

from celery import Celery

from benchmarks.job import TEXT, noop
from benchmarks.place import Place

place = Place.from_environment()
app = Celery("benchmark", broker=place.redis)
app.conf.update(task_ignore_result=True, task_default_queue=place.queue)
task: Any = app.task(name="noop")(noop)


class CeleryEnqueuer:
    """`delay`; Celery has no call for many."""

    def __init__(self, place: Place) -> None:
        pass

    def one(self, number: int) -> None:
        task.delay(number, TEXT)

    def bulk(self, numbers: range) -> None:
        for number in numbers:
            self.one(number)

    def close(self) -> None:
        pass


open_enqueuer = CeleryEnqueuer
