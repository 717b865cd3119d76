"""A message as users write it, checked and turned into a record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Required, TypedDict, cast

from samovar.broker import topic_names
from samovar.broker.port import Headers, NewRecord
from samovar.engine.producing.destinations import Destinations
from samovar.errors import MessageInvalidError
from samovar.support.wording import nearest

#: A header's value, or several under one name.
HeaderValue = str | bytes | list[str] | list[bytes]


class Message(TypedDict, total=False):
    """What goes into a topic. Text is sent as UTF-8."""

    #: The topic, by its logical name.
    topic: Required[str]
    #: The content; None is a tombstone.
    payload: Required[str | bytes | None]
    #: Messages of one key go to one partition, in order.
    key: str | bytes | None
    #: Chooses the partition as a key would, and is not stored.
    partition_key: str | bytes | None
    #: The partition itself, from 0 up.
    partition: int | None
    #: When it was made, milliseconds since the epoch; now, if it is not given.
    timestamp: int | None
    #: Names and values.
    headers: Mapping[str, HeaderValue] | None
    #: Anything by which the sender knows it again; it is not sent.
    label: object


_KNOWN = tuple(Message.__annotations__)
#: The largest number of 64 bits, signed.
_LARGEST = 2**63 - 1


def record_of(message: Message, topic: str, destinations: Destinations) -> NewRecord:
    """The record of a message that was checked; `topic` is the real name.

    Raises:
        DeliveryFailedError: the topic has no such partition.
        BrokerUnavailableError: the broker could not be asked.
    """
    destinations.ensure(topic)
    hints = {name: _bytes(message.get(name)) for name in ("key", "partition_key")}
    key, partition = destinations.place(topic, {**hints, "partition": message.get("partition")})
    return NewRecord(
        topic,
        _bytes(message["payload"]),
        key,
        _headers(message.get("headers") or {}),
        partition,
        timestamp=message.get("timestamp"),
    )


def check(message: Any) -> Message:
    """See that it can be sent.

    Raises:
        MessageInvalidError: all that is wrong with it.
    """
    if not isinstance(message, Mapping):
        raise MessageInvalidError(
            f"A message is a dict with topic, payload and more; found {message!r:.80}."
        )
    known = cast("Mapping[str, Any]", message)
    faults = list(_faults(known))
    if faults:
        topic = known.get("topic")
        raise MessageInvalidError(
            f"A message for {topic!r:.80} cannot be sent: " + " ".join(faults)
        )
    return cast(Message, message)


def _faults(message: Mapping[str, Any]) -> Iterator[str]:
    for name in message:
        if name not in _KNOWN:
            meant = nearest(str(name), _KNOWN)
            hint = f"did you mean {meant!r}?" if meant else f"known: {', '.join(_KNOWN)}."
            yield f"{name!r} is no part of a message; {hint}"
    topic = message.get("topic")
    if not topic_names.is_legal(topic):
        yield f"topic is {topic!r:.80}; expected a topic's name."
    payload = message.get("payload", 0)
    if payload is not None and not isinstance(payload, str | bytes):
        found = f"{payload!r:.40}" if "payload" in message else "missing"
        yield f"payload is {found}; expected text, bytes, or None for a tombstone."
    for name in ("key", "partition_key"):
        value = message.get(name)
        if value is not None and (not isinstance(value, str | bytes) or not value):
            yield f"{name} is {value!r:.80}; expected text or bytes that are not empty."
    for name in ("payload", "key", "partition_key"):
        if not _is_text(message.get(name)):
            yield f"{name} has characters that UTF-8 cannot tell: {message[name]!r:.40}."
    yield from _number_faults(message)
    yield from _header_faults(message.get("headers"))
    if message.get("partition") is not None and message.get("partition_key") is not None:
        yield "partition and partition_key are both given; one chooses."


def _number_faults(message: Mapping[str, Any]) -> Iterator[str]:
    for name, unit in (("partition", ""), ("timestamp", " milliseconds since the epoch,")):
        value = message.get(name)
        if value is not None and (type(value) is not int or not 0 <= value <= _LARGEST):
            yield f"{name} is {value!r:.40}; expected{unit} a whole number from 0 up."


def _header_faults(headers: Any) -> Iterator[str]:
    if headers is None:
        return
    if not isinstance(headers, Mapping):
        yield f"headers are {headers!r:.40}; expected a dict."
        return
    for name, value in cast("Mapping[Any, Any]", headers).items():
        values = cast("list[Any]", value) if isinstance(value, list | tuple) else [value]
        if not isinstance(name, str) or not all(isinstance(v, str | bytes) for v in values):
            yield f"the header {name!r:.40} is {value!r:.40}; expected text or bytes, or several."
        # A name that is no text ends the process in the midst of librdkafka's Python client.
        elif "\0" in name or not all(map(_is_text, (name, *values))):
            yield f"the header {name!r:.40} has characters that cannot be sent: {value!r:.40}."


def _is_text(value: object) -> bool:
    """Whether UTF-8 can tell it, if it is text: halves of a character by themselves it cannot."""
    if not isinstance(value, str) or value.isascii():
        return True
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _headers(headers: Mapping[str, HeaderValue]) -> Headers:
    return tuple(
        (name, one.encode() if isinstance(one, str) else one)
        for name, value in headers.items()
        for one in ([value] if isinstance(value, str | bytes) else value)
    )


def _bytes(value: str | bytes | None) -> bytes | None:
    return value.encode() if isinstance(value, str) else value
