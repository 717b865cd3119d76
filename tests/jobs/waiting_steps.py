"""A job in steps that waits before it goes on."""

from __future__ import annotations

from tests.jobs.steps import StepsJob


class WaitingStepsJob(StepsJob):
    """Waits before it goes on."""

    resume_options = {"wait": 0.2}  # noqa: RUF012
