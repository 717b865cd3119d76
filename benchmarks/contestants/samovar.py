"""Samovar, on either log: the settings come by environment variables."""

from __future__ import annotations

from benchmarks.job import TEXT, noop
from benchmarks.place import Place
from samovar import App, Job


class NoopJob(Job):
    def perform(self, number: int, text: str) -> None:
        noop(number, text)


class SamovarEnqueuer:
    """`perform_later` and `perform_bulk`."""

    def __init__(self, place: Place) -> None:
        self._app = App()

    def one(self, number: int) -> None:
        NoopJob.perform_later(number, TEXT)

    def bulk(self, numbers: range) -> None:
        NoopJob.perform_bulk([(number, TEXT) for number in numbers])

    def close(self) -> None:
        undelivered = self._app.close(60)
        assert not undelivered, f"{undelivered} jobs were not delivered."


open_enqueuer = SamovarEnqueuer
