"""Samovar's worker with another ordering than "partition": an application with a drawn queue."""

from __future__ import annotations

import os

from benchmarks.contestants.samovar import NoopJob
from samovar import App

__all__ = ["NoopJob", "app"]

app = App()
app.job_topic(os.environ["BENCH_QUEUE"], ordering=os.environ["BENCH_ORDERING"])
