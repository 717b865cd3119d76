"""Samovar: Active Job for Python. What is listed here may be relied on."""

from samovar import payload
from samovar.app import App
from samovar.engine.routing.topic import DeadLetterQueue, Pause
from samovar.errors import (
    Abort,
    ArgumentError,
    BrokerError,
    ConfigurationError,
    DeserializationError,
    EnqueueError,
    PayloadError,
    SamovarError,
    SchedulingNotSupportedError,
    SerializationError,
    UnknownJobClassError,
)
from samovar.events import subscribe, unsubscribe
from samovar.job import runtime as _runtime
from samovar.job.job import Job, perform_all_later
from samovar.job.retries import discard_on, retry_on
from samovar.loading import load_app as _load_app

__all__ = [
    "Abort",
    "App",
    "ArgumentError",
    "BrokerError",
    "ConfigurationError",
    "DeadLetterQueue",
    "DeserializationError",
    "EnqueueError",
    "Job",
    "Pause",
    "PayloadError",
    "SamovarError",
    "SchedulingNotSupportedError",
    "SerializationError",
    "UnknownJobClassError",
    "discard_on",
    "payload",
    "perform_all_later",
    "retry_on",
    "subscribe",
    "unsubscribe",
]

# The first enqueue of a process finds the application by its settings.
_runtime.resolve_with(_load_app)
