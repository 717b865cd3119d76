"""A job as Active Job puts it on the wire: twelve keys; the bare loops make and read them."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

from benchmarks.job import TEXT


def envelope(number: int, queue: str) -> dict[str, Any]:
    """What `NoopJob.perform_later(number, TEXT)` stands for."""
    return {
        "job_class": "NoopJob",
        "job_id": str(uuid.uuid4()),
        "provider_job_id": None,
        "queue_name": queue,
        "priority": None,
        "arguments": [number, TEXT],
        "executions": 0,
        "exception_executions": {},
        "locale": "en",
        "timezone": "UTC",
        "enqueued_at": datetime.now(UTC).isoformat(),
        "scheduled_at": None,
    }
