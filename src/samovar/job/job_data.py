"""The wire form of a job, and the values that cross the wall to a queue adapter.

The wire form (`JobData`) is Active Job's own hash, key for key and in its order:
``job_class job_id provider_job_id queue_name priority arguments executions
exception_executions locale timezone enqueued_at scheduled_at``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import msgspec

from samovar.errors import EnqueueError, PayloadError, SerializationError

JobData = dict[str, Any]

#: The hints of a job whose class sets no options for its backend.
NO_HINTS: Mapping[str, Any] = {}
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


class EnqueueRequest(msgspec.Struct, frozen=True, gc=False):
    """A job on its way to a backend."""

    data: JobData
    #: When it may be performed, nanoseconds since the epoch; None is at once.
    due_ns: int | None = None
    #: The class's options for this backend, such as a partition key.
    hints: Mapping[str, Any] = NO_HINTS
    #: Whether it was enqueued before, and so may wait for an earlier choice of its time.
    again: bool = False


class Receipt(msgspec.Struct, frozen=True):
    """What a backend answers to an `EnqueueRequest`."""

    #: The backend's own identifier of the job, if it has one.
    provider_job_id: Any = None
    #: Why this job was refused softly; None when it was taken.
    refusal: EnqueueError | None = None


#: The answer of backends that have no id of their own to return.
TAKEN = Receipt()


def dumps(data: JobData) -> bytes:
    """A job hash as UTF-8 JSON.

    Raises:
        SerializationError: a value in it has no JSON form.
    """
    try:
        return _encode(data)
    except (TypeError, ValueError, RecursionError, OverflowError) as error:
        name, job_id = data.get("job_class"), data.get("job_id")
        raise SerializationError(
            f"{name} ({job_id}) cannot be written as JSON: {_culprit(data)}: {error}"
        ) from error


def _culprit(value: Any) -> str:
    """Where that stands which cannot be written: ``arguments[0]['name']``."""
    if isinstance(value, dict):
        items = cast("dict[Any, Any]", value).items()
    elif isinstance(value, list):
        items = enumerate(cast("list[Any]", value))
    else:
        return ""
    for key, item in items:
        if not _is_writable({key: item} if isinstance(value, dict) else item):
            inner = _culprit(item)
            return f"{key}{inner}" if "job_class" in value else f"[{key!r}]{inner}"
    return ""


def _is_writable(value: Any) -> bool:
    try:
        _encode(value)
    except (TypeError, ValueError, RecursionError, OverflowError):
        return False
    return True


def loads(raw: bytes | None) -> JobData:
    """A job hash from UTF-8 JSON.

    Raises:
        PayloadError: it is no JSON object.
    """
    if raw is None:
        raise PayloadError("The record is a tombstone: it has no payload to read a job from.")
    try:
        data: Any = _decode(raw)
    except msgspec.ValidationError as error:
        raise PayloadError(f"A number in the payload cannot be read: {error}.") from error
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise PayloadError(f"The payload is no JSON: {error} (it begins {raw[:60]!r}).") from error
    if data.__class__ is not dict:
        raise PayloadError(f"The payload is no JSON object: it begins {raw[:60]!r}.")
    return data
