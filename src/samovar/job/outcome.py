"""How the run of a delivered job ended: what a worker of any backend acts on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Done:
    """The job ended well, or a callback halted it, or a `rescue_from` handled its error."""


@dataclass(frozen=True, slots=True)
class Retried:
    """The job was enqueued again, by a `retry_on` or by itself."""

    #: What went wrong, if anything did.
    error: BaseException | None


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The job stopped at a checkpoint and was enqueued again with its progress."""

    error: BaseException


@dataclass(frozen=True, slots=True)
class Discarded:
    """The job's class handled the error and ends the job."""

    error: BaseException


@dataclass(frozen=True, slots=True)
class GivenUp:
    """A `retry_on` has used up its attempts, and nothing handles the last error."""

    error: BaseException


@dataclass(frozen=True, slots=True)
class Failed:
    """An error left the job, and its class says nothing about it."""

    error: BaseException


@dataclass(frozen=True, slots=True)
class Poison:
    """The payload is no job of this process, or its process died each time: a retry cannot help."""

    error: BaseException


#: The job is not done: the backend decides what becomes of it.
Failure = GivenUp | Failed | Poison
Outcome = Done | Retried | Interrupted | Discarded | Failure

DONE = Done()
#: The same as `Failure`, for `isinstance` on the hot path.
FAILURES = (GivenUp, Failed, Poison)
