"""What is to become of a delivery whose job has ended, or will not begin here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from samovar.broker.port import Delivery, ShareTerms

#: The header of a copy: how often its job had failed before.
ATTEMPTS = "share_attempts"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Accept it, hand it out again, or put a copy of it behind the others and accept it."""

    what: Literal["accept", "release", "requeue"]
    #: Seconds to wait before that.
    after: float = 0.0
    #: How often its job has failed, which a copy is to remember.
    attempts: int = 0


ACCEPT = Verdict("accept")


def last_delivery(terms: ShareTerms) -> int:
    """The delivery that nobody performs any more: one that was handed out so often, and never
    ended, has killed its processes. One more is kept in reserve: the broker forgets the record
    after its own last one, and a process may die while it moves it aside.
    """
    return max(2, terms.most_deliveries - 1)


def is_suspect(delivery: Delivery) -> bool:
    """Whether it may have killed a process: a job that failed comes again as a copy, so only what
    never ended, or was given back by a worker that stopped, is handed out twice.
    """
    return delivery.count > 1


def given_back(delivery: Delivery, terms: ShareTerms) -> Verdict:
    """Let another worker have it at once: by one more delivery if enough are left, or else as a
    copy, whose deliveries are counted anew.
    """
    if delivery.count + 1 < last_delivery(terms):
        return Verdict("release")
    return copied(delivery)


def copied(delivery: Delivery) -> Verdict:
    """Put a copy behind the others, as often failed as this one had."""
    return Verdict("requeue", attempts=attempts_before(delivery))


def attempts_before(delivery: Delivery) -> int:
    """How often the job of this delivery has failed, or was begun and not ended."""
    headers = delivery.record.headers
    told = next((value for name, value in reversed(headers) if name == ATTEMPTS), b"0")
    # Anybody may have written it.
    earlier = int(told) if told and told.isdigit() and len(told) < 10 else 0
    return earlier + delivery.count - 1
