"""Every error that Samovar raises, on one page.

SamovarError
├── ArgumentError                    the caller passed something that cannot be used
│   ├── SerializationError           a job argument has no form on the wire
│   ├── DuplicateJobNameError        two job classes claim one name
│   └── PerformInsideLoopError       perform_now of a coroutine job on a running event loop
├── PayloadError                     a record that is no job; retrying cannot help
│   └── UnknownJobClassError         a job name that no imported class bears
├── DeserializationError             arguments that could not be rebuilt; raised while performing
├── EnqueueError                     an adapter refuses a job softly: perform_later returns False
├── SchedulingNotSupportedError      the adapter cannot hold a job until its time
├── ConfigurationError               settings or routes are wrong; lists every fault
└── BrokerError                      the log behind the queues
    ├── BrokerUnavailableError       not reachable now; trying again may help
    ├── QueueFullError               the local buffer stayed full; nothing was sent
    ├── DeliveryUnknownError         no answer in time: the record may or may not be stored
    ├── DeliveryFailedError          the broker refused a record for good
    ├── UnknownTopicError            a topic that does not exist
    ├── FencedError                  another member has taken our place
    └── StoreError                   the embedded log's file cannot be used

Abort(BaseException)                 raised in a before callback: halt, quietly
"""

from __future__ import annotations

from collections.abc import Sequence


class SamovarError(Exception):
    """Base of all errors of this package."""


class ArgumentError(SamovarError, ValueError):
    """The caller passed something that cannot be used."""


class SerializationError(ArgumentError):
    """A job argument has no form on the wire."""


class DuplicateJobNameError(ArgumentError):
    """Two job classes claim the same name on the wire."""


class PerformInsideLoopError(SamovarError, RuntimeError):
    """`perform_now` of a coroutine job was called on a running event loop."""


class PayloadError(SamovarError):
    """A record that cannot be read as a job; retrying it cannot help."""


class UnknownJobClassError(PayloadError, LookupError):
    """The payload names a job that no imported class bears."""


class DeserializationError(SamovarError):
    """Arguments could not be rebuilt; the original error is the cause."""


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


class QueueFullError(BrokerError):
    """The producer's local buffer stayed full; the record was not sent."""


class DeliveryUnknownError(BrokerError):
    """No answer in time: the record may or may not be stored."""


class DeliveryFailedError(BrokerError):
    """The broker refused a record for good; it is not stored."""


class UnknownTopicError(BrokerError, LookupError):
    """The topic does not exist."""


class FencedError(BrokerError):
    """Another member has taken this one's place."""


class StoreError(BrokerError):
    """The embedded log's file cannot be used; what was stored in it is untouched."""


class Abort(BaseException):
    """Raise in a before callback to halt the chain quietly."""
