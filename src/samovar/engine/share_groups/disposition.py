"""What is to become of a delivery whose job has ended, or will not begin here.

A delivery that shall come again goes to the end of its topic as a copy, with its history in
headers: the broker counts how often it handed a record out, and drops it after so many times.
"""

from __future__ import annotations

from dataclasses import dataclass

from msgspec import structs

from samovar.broker.port import Delivery, Record

#: The header of a copy: how often its job had failed before.
ATTEMPTS = "share_attempts"
#: The header of a copy: how often its job was begun and not brought to an end.
DEATHS = "share_deaths"
#: After this many deaths a job counts as one that kills its processes.
MAX_DEATHS = 3


@dataclass(frozen=True, slots=True)
class Requeue:
    """Put a copy of it behind the others, and accept it."""

    #: What the copy is to remember.
    attempts: int
    deaths: int = 0
    #: Seconds to wait before that.
    after: float = 0.0
    #: Whether it waits until this process ends, which should not get the copy.
    is_for_others: bool = False


#: None: accept it.
Disposition = Requeue | None


def requeued(delivery: Delivery, *, for_others: bool = False) -> Requeue:
    """Let it come again as if it had not come."""
    return Requeue(failures(delivery), deaths(delivery), is_for_others=for_others)


def came_back(delivery: Delivery) -> bool:
    """Whether it was handed out before and nothing became of it. Whoever had it has died, or took
    longer than the lock on it lasts: all else ends it.
    """
    return delivery.count > 1


def deaths(delivery: Delivery) -> int:
    """How often its job was begun and not brought to an end, as far as that is known."""
    return _counted(delivery, DEATHS) + came_back(delivery)


def is_suspect(delivery: Delivery) -> bool:
    """Whether one more death would quarantine its job: no other job may run beside it.

    After a first death it is not: a worker that is killed may have held hundreds of innocents.
    """
    return deaths(delivery) == MAX_DEATHS - 1


def is_quarantined(delivery: Delivery) -> bool:
    """Whether its job is not performed any more."""
    return deaths(delivery) >= MAX_DEATHS


def failures(delivery: Delivery) -> int:
    """How often its job has failed."""
    return _counted(delivery, ATTEMPTS)


def without_history(record: Record) -> Record:
    """The record as it was before it went round."""
    own = tuple(header for header in record.headers if header[0] not in (ATTEMPTS, DEATHS))
    return structs.replace(record, headers=own)


def _counted(delivery: Delivery, name: str) -> int:
    headers = delivery.record.headers
    text = next((value for key, value in reversed(headers) if key == name), b"0")
    # Anybody may have written it.
    return int(text) if text and text.isdigit() and len(text) < 10 else 0
