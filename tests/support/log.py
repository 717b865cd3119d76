"""What the logger `samovar` was told during one test."""

from __future__ import annotations

import logging
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest

from samovar.job.context import CURRENT_JOB
from samovar.monitoring import log_subscriber
from samovar.monitoring.options import LogOptions


@dataclass
class Log:
    """The records so far, and their messages."""

    caplog: pytest.LogCaptureFixture
    options: LogOptions

    def configure(self, **options: Any) -> None:
        self.options = replace(self.options, **options)
        log_subscriber.attach(options=self.options)

    @property
    def records(self) -> list[Any]:
        """`LogRecord`s, with the attributes that `extra` gave them."""
        return [record for record in self.caplog.records if record.name == "samovar"]

    @property
    def record(self) -> Any:
        (record,) = self.records
        return record

    @property
    def lines(self) -> list[str]:
        return [record.getMessage() for record in self.records]

    @property
    def line(self) -> str:
        return self.record.getMessage()


@contextmanager
def every_job_logged(caplog: pytest.LogCaptureFixture) -> Generator[Log, None, None]:
    """Lines for every job while the block runs."""
    options = LogOptions(current_job=CURRENT_JOB.get)
    log_subscriber.detach()
    log_subscriber.attach(every_job=True, options=options)
    caplog.set_level(logging.INFO, logger="samovar")
    try:
        yield Log(caplog, options)
    finally:
        log_subscriber.detach()
