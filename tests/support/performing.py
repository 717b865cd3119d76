"""The ways to perform a job, for tests that hold for all of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from samovar import Job, payload


def here(job: Job) -> Any:
    return job.perform_now()


def on_a_loop(job: Job) -> Any:
    return asyncio.run(job.aperform_now())


def delivered(job: Job) -> Any:
    return Job.execute(payload.loads(payload.dumps(job.serialize())))


Perform = Callable[[Job], Any]

#: For `pytest.mark.parametrize("perform", ...)`.
WAYS = [here, on_a_loop]
