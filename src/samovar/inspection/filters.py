"""Which jobs are meant. Every condition is an equality: no pattern of a visitor is ever run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from samovar.inspection.values import JobView, State


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFilter:
    """Jobs for which all that is given holds."""

    state: State
    queue: str | None = None
    job_class: str | None = None
    error_class: str | None = None
    job_id: str | None = None
    #: What keeps jobs of one key together.
    key: str | None = None
    #: One of the arguments, or one of the values of keyword arguments, as text.
    argument: str | None = None
    #: From this moment on, and before that one: when the job was put where it is now.
    since: datetime | None = None
    until: datetime | None = None
    #: "python" or "ruby", where a backend knows it.
    runtime: str | None = None

    @property
    def is_narrow(self) -> bool:
        """Whether each job has to be looked at: more than state and queue is given."""
        return self != JobFilter(state=self.state, queue=self.queue)

    def matches(self, job: JobView) -> bool:
        """Whether all holds, but for the queue and the runtime: whoever lists jobs knows those."""
        key = None if job.raw.key is None else job.raw.key.decode(errors="replace")
        equal = (
            (self.state, job.state),
            (self.job_class, job.job_class),
            (self.error_class, job.error.error_class),
            (self.job_id, job.job_id),
            (self.key, key),
        )
        return (
            all(wanted is None or wanted == found for wanted, found in equal)
            and (self.since is None or job.at >= self.since)
            and (self.until is None or job.at < self.until)
            and (self.argument is None or self.argument in _arguments(job.data or {}))
        )


def _arguments(data: Mapping[str, Any]) -> Iterator[str]:
    """The arguments of a job as text; keyword arguments are the last one, a mapping."""
    found: Any = data.get("arguments")
    if not isinstance(found, list):
        return
    for argument in cast("list[Any]", found):
        if isinstance(argument, dict):
            yield from (str(value) for value in cast("dict[str, Any]", argument).values())
        else:
            yield str(argument)
