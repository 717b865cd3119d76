"""Every error that Samovar raises, on one page.

SamovarError
├── ArgumentError                    the caller passed something that cannot be used
│   ├── SerializationError           a job argument has no form on the wire
│   ├── WrongArgumentsError          `perform` does not take these arguments; also a TypeError
│   ├── DuplicateJobNameError        two job classes claim one name
│   ├── MessageInvalidError          a message that cannot be sent as it is; nothing was queued
│   └── PerformInsideLoopError       perform_now of a coroutine job on a running event loop
├── PayloadError                     a record that is no job; retrying cannot help
│   └── UnknownJobClassError         a job name that no imported class bears
├── DeserializationError             arguments that could not be rebuilt; raised while performing
│   └── RecordNotFoundError          a record that is gone; also DeserializationError.RecordNotFound
├── ContinuationError                a job in steps cannot go on; never resumed by itself
│   ├── InvalidStepError             a step that is nested, met twice, out of order, not awaited
│   ├── UnadvanceableCursorError     a cursor that has no successor
│   ├── ResumeLimitError             the job was resumed `max_resumptions` times
│   └── CheckpointError              no checkpoint may be here; for adapters to raise
├── WorkerDiedError                  a job was begun several times, and nobody reported its end
├── RevokedError                     the job's partition has gone to another worker
├── EnqueueError                     an adapter refuses a job softly: perform_later returns False
├── SchedulingNotSupportedError      the adapter cannot hold a job until its time
├── ConfigurationError               settings or routes are wrong; lists every fault
└── BrokerError                      the log behind the queues
    ├── BrokerUnavailableError       not reachable now; trying again may help
    ├── ProducerClosedError          a producer, or its application, was used after it was closed
    ├── QueueFullError               the local buffer stayed full; nothing was sent
    ├── DeliveryUnknownError         no answer in time: the record may or may not be stored
    ├── DeliveryFailedError          the broker refused a record for good
    │   └── RecordTooLargeError      it is too large
    ├── ProduceManyError             some of several messages; tells of each
    ├── UnknownTopicError            a topic that does not exist
    ├── AssignmentLostError          a partition has gone to another worker; nothing was marked
    ├── FencedError                  another member has taken our place
    ├── RefusedError                 the broker does not take this process as it is configured
    └── StoreError                   the embedded log's file cannot be used

Abort(BaseException)                 raised in a before callback: halt, quietly
Interrupt(BaseException)             a job in steps stops at a checkpoint, to go on in another run
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar


class SamovarError(Exception):
    """Base of all errors of this package."""


class ArgumentError(SamovarError, ValueError):
    """The caller passed something that cannot be used."""


class SerializationError(ArgumentError):
    """A job argument has no form on the wire."""


class WrongArgumentsError(ArgumentError, TypeError):
    """A job was to be enqueued with arguments that its `perform` does not take."""


class DuplicateJobNameError(ArgumentError):
    """Two job classes claim the same name on the wire."""


class MessageInvalidError(ArgumentError):
    """A message, or a job's key or partition, cannot be sent as it is; nothing was queued."""


class PerformInsideLoopError(SamovarError, RuntimeError):
    """`perform_now` of a coroutine job was called on a running event loop."""


class PayloadError(SamovarError):
    """A record that cannot be read as a job; retrying it cannot help."""


class UnknownJobClassError(PayloadError, LookupError):
    """The payload names a job that no imported class bears."""


class DeserializationError(SamovarError):
    """Arguments could not be rebuilt; the original error is the cause."""

    #: The one for records that are gone, by the name that it has in Rails.
    RecordNotFound: ClassVar[type[RecordNotFoundError]]


class RecordNotFoundError(DeserializationError):
    """A job argument was a record that is no longer there."""


DeserializationError.RecordNotFound = RecordNotFoundError


class ContinuationError(SamovarError):
    """A job in steps cannot go on. Such an error never resumes the job."""


class InvalidStepError(ContinuationError):
    """A step is nested in another, met twice, out of order, or was never awaited."""


class UnadvanceableCursorError(ContinuationError):
    """The cursor has no successor: set the next one with `step.set`."""


class ResumeLimitError(ContinuationError):
    """The job was resumed `max_resumptions` times; what stopped it this time is the cause."""


class CheckpointError(ContinuationError):
    """No checkpoint may be here, as in an open transaction. Adapters may raise it."""


class WorkerDiedError(SamovarError):
    """A job was begun several times, and no worker reported how it ended: it lies among the dead
    letters with this error.
    """


class RevokedError(SamovarError):
    """The job's partition has gone to another worker, which performs it: nothing of it is written
    here any more, no retry and no dead job.
    """


class EnqueueError(SamovarError):
    """Raised by an adapter to refuse a job softly: `perform_later` returns False."""


class SchedulingNotSupportedError(SamovarError, NotImplementedError):
    """The queue adapter cannot hold a job until its time."""


class ConfigurationError(SamovarError):
    """Settings or routes are wrong. `faults` lists each fault as one sentence."""

    def __init__(self, faults: str | Sequence[str]) -> None:
        self.faults: tuple[str, ...] = (faults,) if isinstance(faults, str) else tuple(faults)
        super().__init__(self._text())

    def _text(self) -> str:
        if len(self.faults) == 1:
            return self.faults[0]
        return f"{len(self.faults)} faults:" + "".join(f"\n  - {fault}" for fault in self.faults)


class BrokerError(SamovarError):
    """The log behind the queues reported a failure."""


class BrokerUnavailableError(BrokerError):
    """The broker cannot be reached now; trying again may help."""


class ProducerClosedError(BrokerError):
    """A producer, or its application, was used after it was closed; nothing was sent."""


class QueueFullError(BrokerError):
    """The producer's local buffer stayed full; the record was not sent."""


class DeliveryUnknownError(BrokerError):
    """No answer in time: the record may or may not be stored."""


class DeliveryFailedError(BrokerError):
    """The broker refused a record for good; it is not stored."""


class RecordTooLargeError(DeliveryFailedError):
    """The broker refused a record for its size."""


class ProduceManyError(BrokerError):
    """Of several messages some are not stored, or not known to be."""

    def __init__(self, errors: Mapping[int, BrokerError], deliveries: Sequence[Any]) -> None:
        #: What went wrong, by the message's index.
        self.errors = errors
        #: What became of each message, in order; see `Delivery`.
        self.deliveries = tuple(deliveries)
        unknown = sum(1 for e in errors.values() if isinstance(e, DeliveryUnknownError))
        first = next(iter(errors.values()))
        super().__init__(
            f"Of {len(deliveries)} messages {len(errors) - unknown} were not sent or were refused,"
            f" and of {unknown} it is not known whether they are stored. The first: {first}"
        )


class UnknownTopicError(BrokerError, LookupError):
    """The topic does not exist."""


class AssignmentLostError(BrokerError):
    """The partition is not this worker's any more: nothing of the transaction is stored."""


class FencedError(BrokerError):
    """Another member has taken this one's place."""


class RefusedError(BrokerError):
    """The broker does not take this process as it is configured; trying again cannot help."""


class StoreError(BrokerError):
    """The embedded log's file cannot be used; what was stored in it is untouched."""


class Abort(BaseException):
    """Raise in a before callback to halt the chain quietly."""


class Interrupt(BaseException):
    """A job in steps stops at a checkpoint; what it has done is kept for the run that follows.

    Let it pass: `except Exception` does not catch it.
    """
