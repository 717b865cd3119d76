"""Recorded jobs in words, for the text of a failure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from samovar.errors import SamovarError
from samovar.job.state import JobState
from samovar.queue_adapters.test import RecordedJob

#: How many jobs a failure lists.
LISTED = 20


def described(recorded: RecordedJob) -> str:
    """A recorded job in one line: ChargeJob(1, method='card') on 'payments', priority 5."""
    where = f" on {recorded['queue']!r}"
    if recorded["priority"] is not None:
        where += f", priority {recorded['priority']}"
    if "at" in recorded:
        where += f", at {datetime.fromtimestamp(recorded['at'], UTC).isoformat()}"
    return f"{recorded['job_class']}({_arguments(recorded)}){where}"


def listed(lines: Sequence[str]) -> str:
    """Lines of a list, not too many of them."""
    shown = [f"  {line}" for line in lines[:LISTED]]
    if len(lines) > LISTED:
        shown.append(f"  ... and {len(lines) - LISTED} more")
    return "\n".join(shown)


def _arguments(recorded: RecordedJob) -> str:
    try:
        positional, keywords = JobState.deserialize(recorded).decode_arguments()
    except SamovarError as error:
        return f"<{error}>"
    words = [repr(value) for value in positional]
    return ", ".join([*words, *(f"{name}={value!r}" for name, value in keywords.items())])
