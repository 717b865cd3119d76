"""What travels beside a job: injected when it is enqueued, extracted when it is performed.

Today these are the current attributes. Whatever else travels so gets its lines here, and nowhere
else.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from samovar.job import current_attributes
from samovar.job.job_data import JobData, loads


def inject(data: JobData, origin: Mapping[str, Any] | bytes | None) -> None:
    """Add to a job hash what travels beside it. A job that was made from a payload (its `origin`)
    keeps what that payload carries; any other job takes what is set here.

    Raises:
        SerializationError: a value has no form on the wire.
    """
    if origin is not None:
        current_attributes.keep(data, origin)
    elif current_attributes.persisted:
        current_attributes.carry(data)


def carried(data: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """What `extract` needs of a job hash; None if nothing travels beside jobs here."""
    return data if current_attributes.persisted else None


def decoded(value: bytes | None) -> JobData | None:
    """The hash of a payload, decoded for `extract`; None if nothing travels beside jobs here.

    Raises:
        PayloadError: it is no JSON object.
    """
    return loads(value) if current_attributes.persisted else None


def extract(carried: Mapping[str, Any]) -> None:
    """Set in this context what was carried beside a job, and nothing else.

    Raises:
        DeserializationError: a value cannot be rebuilt.
    """
    current_attributes.take_over(carried)
