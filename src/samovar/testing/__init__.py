"""Tests of your own jobs: `JobTestCase` for unittest, the fixture `jobs` for pytest."""

from samovar.queue_adapters.test import RecordedJob, TestAdapter
from samovar.testing.assertions import JobAssertions
from samovar.testing.case import JobTestCase
from samovar.testing.recording import recorded_jobs

__all__ = ["JobAssertions", "JobTestCase", "RecordedJob", "TestAdapter", "recorded_jobs"]
