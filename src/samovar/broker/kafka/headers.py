"""Headers of fetched messages, also of those that librdkafka's Python client cannot read."""

from __future__ import annotations

from collections.abc import Sequence

from confluent_kafka import Message

from samovar import events
from samovar.broker.port import Headers
from samovar.errors import BrokerError


def of(messages: Sequence[Message]) -> list[Headers]:
    """The headers of each. A name that is no UTF-8, which other clients may write, makes the client
    fail half way: such a message comes without any, and an event reports it.
    """
    found: list[Headers] = []
    # A direct call does not always notice that it failed, and a second one on the same message
    # gives what must not be touched.
    calls = map(Message.headers, messages)
    while True:
        try:
            for headers in calls:
                found.append(tuple(headers) if headers else ())  # type: ignore[arg-type]
        except SystemError:
            _report(messages[len(found)])
            found.append(())
        else:
            return found


def _report(message: Message) -> None:
    place = f"{message.topic()}[{message.partition()}]@{message.offset()}"
    error = BrokerError(
        f"The headers of {place} cannot be read, for one has a name that is no UTF-8. "
        "The record is taken without them."
    )
    events.announce("broker.error", error=error)
