"""Samovar: Active Job for Python. What is listed here may be relied on."""

from samovar import payload, types
from samovar.app import App
from samovar.engine.consuming.consumer import Consumer
from samovar.engine.consuming.message import Message
from samovar.engine.flow.stages import Admit, Hold, Skip
from samovar.engine.routing.job_options import kafka_options
from samovar.engine.routing.lanes import VirtualPartitions
from samovar.engine.routing.pace import Throttle
from samovar.engine.routing.recovery import DeadLetterQueue, Pause
from samovar.errors import (
    Abort,
    ArgumentError,
    AssignmentLostError,
    BrokerError,
    ConfigurationError,
    ContinuationError,
    DeliveryFailedError,
    DeliveryUnknownError,
    DeserializationError,
    EnqueueError,
    Interrupt,
    InvalidStepError,
    MessageInvalidError,
    PayloadError,
    ProduceManyError,
    ProducerClosedError,
    QueueFullError,
    RecordNotFoundError,
    ResumeLimitError,
    SamovarError,
    SchedulingNotSupportedError,
    SerializationError,
    UnadvanceableCursorError,
    UnknownJobClassError,
    WrongArgumentsError,
)
from samovar.events import subscribe, unsubscribe
from samovar.job import classes as _classes
from samovar.job import runtime as _runtime
from samovar.job.attributes import Attributes, attribute
from samovar.job.callbacks import (
    after_enqueue,
    after_perform,
    around_enqueue,
    around_perform,
    before_enqueue,
    before_perform,
)
from samovar.job.cancelling import cancel_scheduled
from samovar.job.classes import register_class
from samovar.job.context import current_locale, current_timezone, use_locale, use_timezone
from samovar.job.continuation.continuable import Continuable
from samovar.job.continuation.step import Step
from samovar.job.current_attributes import CurrentAttributes
from samovar.job.execution import around_execute
from samovar.job.function import FunctionJob, job
from samovar.job.job import Job, perform_all_later
from samovar.job.retries import after_discard, discard_on, rescue_from, retry_on
from samovar.job.serializers.records import register_model
from samovar.job.serializers.registry import serializer
from samovar.job.state import JOB_CLASSES as _JOB_CLASSES
from samovar.job.transactions import watch_transactions
from samovar.loading import load_app as _load_app

__all__ = [
    "Abort",
    "Admit",
    "App",
    "ArgumentError",
    "AssignmentLostError",
    "Attributes",
    "BrokerError",
    "ConfigurationError",
    "Consumer",
    "Continuable",
    "ContinuationError",
    "CurrentAttributes",
    "DeadLetterQueue",
    "DeliveryFailedError",
    "DeliveryUnknownError",
    "DeserializationError",
    "EnqueueError",
    "FunctionJob",
    "Hold",
    "Interrupt",
    "InvalidStepError",
    "Job",
    "Message",
    "MessageInvalidError",
    "Pause",
    "PayloadError",
    "ProduceManyError",
    "ProducerClosedError",
    "QueueFullError",
    "RecordNotFoundError",
    "ResumeLimitError",
    "SamovarError",
    "SchedulingNotSupportedError",
    "SerializationError",
    "Skip",
    "Step",
    "Throttle",
    "UnadvanceableCursorError",
    "UnknownJobClassError",
    "VirtualPartitions",
    "WrongArgumentsError",
    "after_discard",
    "after_enqueue",
    "after_perform",
    "around_enqueue",
    "around_execute",
    "around_perform",
    "attribute",
    "before_enqueue",
    "before_perform",
    "cancel_scheduled",
    "current_locale",
    "current_timezone",
    "discard_on",
    "job",
    "kafka_options",
    "payload",
    "perform_all_later",
    "register_class",
    "register_model",
    "rescue_from",
    "retry_on",
    "serializer",
    "subscribe",
    "types",
    "unsubscribe",
    "use_locale",
    "use_timezone",
    "watch_transactions",
]

# The first enqueue of a process finds the application by its settings.
_runtime.resolve_with(_load_app)
# A job class as an argument travels under its job name.
_classes.also_ask(_JOB_CLASSES.find)
