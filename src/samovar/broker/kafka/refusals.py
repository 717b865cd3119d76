"""Which properties librdkafka refuses; asked without a connection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from confluent_kafka import Consumer as Client
from confluent_kafka import KafkaException

from samovar.broker.kafka import failures


def refusal(properties: Mapping[str, Any], kind: type[Any] = Client) -> str | None:
    """Why librdkafka does not make a consumer of this kind with these; connects to nothing."""
    plain = {name: value for name, value in properties.items() if not callable(value)}
    try:
        kind({"group.id": "-", "log_level": 0, **plain}).close()
    except (KafkaException, ValueError) as error:
        said = _said(error)
        if said.startswith("No such configuration property"):
            return "is no property of librdkafka."
        return f"cannot be used: {said.rstrip('.')}."
    return None


def _said(error: KafkaException | ValueError) -> str:
    return failures.reason(error).str() if isinstance(error, KafkaException) else str(error)
