"""What a route says about jobs that fail: how long their partition waits, and where they end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from samovar.broker.port import NewRecord, Record
from samovar.support.conversion import PositiveSeconds, Seconds, at_least

#: What a strategy answers: try again, dispatch (to the queue's topic, or to another one by its
#: logical name), or go on without a copy.
StrategyAnswer = Literal["retry", "dispatch", "skip"] | tuple[Literal["dispatch"], str]

#: Given the errors since the last success (the newest last) and the number of this failure.
Strategy = Callable[[Sequence[BaseException], int], StrategyAnswer]

#: Given the dead letter that is about to be produced and the failed record; gives it as it goes.
Enhance = Callable[[NewRecord, Record], NewRecord]

#: In place of a topic's name: the strategy says where each dead letter goes.
BY_STRATEGY = "strategy"


@dataclass(frozen=True, slots=True)
class DeadLetterQueue:
    """Where jobs go that failed for good: after `max_retries` retries, into `topic`."""

    #: The topic's logical name; "strategy" leaves the choice to `strategy`. None: there are no dead
    #: letters, jobs are tried for ever. False: the job is dropped without a copy.
    topic: str | Literal[False] | None
    #: How often a job is tried again before it goes there.
    max_retries: Annotated[int, at_least(0)] = 3
    #: Whether each job has retries of its own (a success in between forgets the failures).
    independent: bool = True
    #: Decides in place of `max_retries`: ``strategy(errors, attempt)``.
    strategy: Strategy | None = None
    #: Whether copy and offset move in one transaction (Kafka).
    transactional: bool = False
    #: Changes each dead letter before it is produced: ``enhance(copy, record)``.
    enhance: Enhance | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """How long a partition waits before a failed job is tried again, in seconds.

    The n-th retry waits ``timeout * 2 ** n`` when exponential (so 2, 4, 8, 16, 30, 30 ... by
    default), else `timeout`.
    """

    #: What the waits are made of.
    timeout: Annotated[Seconds, at_least(0)] = 1.0
    #: No wait is longer.
    max_timeout: PositiveSeconds = 30.0
    #: Whether each wait is twice the one before.
    exponential: bool = True


def topic_fault(topic: Any, *, has_strategy: bool) -> str | None:
    """What is wrong with the topic of a dead letter queue, if anything is."""
    if topic is None or topic is False:
        return None
    if not isinstance(topic, str) or not topic.strip():
        return (
            f"is {topic!r}; expected a topic's name, None (no dead letters) or False (drop the job)"
        )
    if topic == BY_STRATEGY and not has_strategy:
        return "is 'strategy', which chooses the topic; expected strategy=... beside it"
    return None
