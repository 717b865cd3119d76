# pyright: strict, reportUnnecessaryTypeIgnoreComment=true
"""What type checkers say to the verbs of jobs in steps. Read by pyright and mypy, never run."""

from __future__ import annotations

from typing import Any, assert_type

from samovar import Continuable, Job


class ApplicationJob(Job):
    queue_as = "steps"


class ImportJob(Continuable, ApplicationJob):
    def perform(self, import_id: int, *, name: str = "") -> int:
        @self.step
        def validate() -> None: ...

        self.step(self.finish)
        return import_id

    def finish(self) -> None: ...


class FetchPagesJob(Continuable, Job):
    async def perform(self, url: str) -> bytes:
        await self.step(self.load)
        return url.encode()

    async def load(self) -> None: ...


def threads() -> None:
    assert_type(ImportJob.perform_later(1, name="x"), ImportJob | Any)
    assert_type(ImportJob.perform_now(1), int)
    assert_type(FetchPagesJob.perform_now("url"), bytes)
    assert_type(ImportJob.set(wait=1).perform_later(1), ImportJob | Any)
    assert_type(ImportJob(1).enqueue(), ImportJob | Any)
    ImportJob.perform_later("1")  # type: ignore[arg-type]
    FetchPagesJob.set(wait=1).perform_later(1)  # type: ignore[arg-type]
    ImportJob("1")  # pyright: ignore[reportArgumentType]


async def loops() -> None:
    assert_type(await FetchPagesJob.aperform_later("url"), FetchPagesJob | Any)
    assert_type(await FetchPagesJob.aperform_now("url"), bytes)
    await FetchPagesJob.aperform_now(1)  # type: ignore[arg-type]
