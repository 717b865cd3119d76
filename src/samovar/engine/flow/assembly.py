"""A topic's settings put together into one answer: a job failed, what now?"""

from __future__ import annotations

from samovar.engine.flow import backoff, dead_letter
from samovar.engine.flow.decisions import DeadLetter, Decision, Retry, Stop
from samovar.engine.performer import GivenUpError, PoisonError
from samovar.engine.routing.topic import Topic

#: Errors that concern the process: it stops, and the job runs again elsewhere.
CRITICAL = (SystemExit, KeyboardInterrupt, MemoryError)


def recover(topic: Topic, error: BaseException, attempt: int) -> Decision:
    """What to do after the `attempt`-th failure in a row (counted from 1) of one record."""
    if isinstance(error, CRITICAL):
        return Stop()
    if isinstance(error, PoisonError):
        return DeadLetter(topic.poison_topic)
    queue = topic.dead_letter_queue
    given_up = isinstance(error, GivenUpError)
    if queue is not None and (given_up or dead_letter.is_exhausted(queue, attempt)):
        return DeadLetter(queue.topic)
    return Retry(backoff.wait_seconds(topic.pause, attempt))
