"""How records may be sent, apart from the rest: what a variant of a producer may set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from samovar.errors import ArgumentError
from samovar.support.wording import nearest

#: librdkafka's names of what concerns one producer's records and no connection.
NAMES = frozenset(
    {
        "acks",
        "batch.num.messages",
        "compression.codec",
        "compression.level",
        "compression.type",
        "delivery.timeout.ms",
        "linger.ms",
        "message.timeout.ms",
        "partitioner",
        "queue.buffering.max.ms",
        "request.required.acks",
        "request.timeout.ms",
        "retries",
    }
)


def check(topic_config: Mapping[str, Any]) -> None:
    """See that only what a variant may set is set.

    Raises:
        ArgumentError: there is another name, or a value that is no plain one; names it.
    """
    for name, value in topic_config.items():
        if name not in NAMES:
            meant = nearest(str(name), NAMES)
            hint = f"did you mean {meant!r}? A variant" if meant else "a variant"
            raise ArgumentError(
                f"topic_config: {name!r} is nothing that a variant sets; {hint} sets "
                f"{', '.join(sorted(NAMES))}."
            )
        if not isinstance(value, str | int | float):
            raise ArgumentError(
                f"topic_config: {name} is {value!r:.60}; expected text, a number or a truth value."
            )
