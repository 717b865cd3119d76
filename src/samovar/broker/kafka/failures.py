"""librdkafka's error codes as errors of ours, by who must act."""

from __future__ import annotations

from confluent_kafka import KafkaError, KafkaException

from samovar.errors import (
    BrokerError,
    BrokerUnavailableError,
    DeliveryFailedError,
    DeliveryUnknownError,
    FencedError,
    RecordTooLargeError,
    RefusedError,
    UnknownTopicError,
)

#: A group's coordinator is being found, or moves: the same question again will be answered.
NO_COORDINATOR = frozenset(
    {
        KafkaError.COORDINATOR_NOT_AVAILABLE,
        KafkaError.NOT_COORDINATOR,
        KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
    }
)
_UNAVAILABLE = NO_COORDINATOR | frozenset(
    {
        KafkaError._ALL_BROKERS_DOWN,
        KafkaError._TRANSPORT,
        KafkaError._TIMED_OUT,
        KafkaError._RESOLVE,
        KafkaError.REQUEST_TIMED_OUT,
        KafkaError.NETWORK_EXCEPTION,
    }
)
_UNKNOWN_TOPIC = frozenset(
    {KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_TOPIC, KafkaError._UNKNOWN_PARTITION}
)
_FENCED = frozenset(
    {
        KafkaError._FENCED,
        KafkaError.FENCED_INSTANCE_ID,
        KafkaError.INVALID_PRODUCER_EPOCH,
    }
)
#: What no other try can change, and what to do about it.
_REFUSED = {
    KafkaError.UNSUPPORTED_ASSIGNOR: (
        "Name one in group.remote.assignor that the brokers have (uniform and range, unless they "
        "are configured otherwise), or leave it out."
    ),
    KafkaError.UNSUPPORTED_VERSION: (
        "The brokers are too old for a property of this client, as group.protocol = consumer is "
        "for those before Kafka 4.0."
    ),
}
_TOO_LARGE = frozenset({KafkaError.MSG_SIZE_TOO_LARGE, KafkaError.RECORD_LIST_TOO_LARGE})
#: Refusals of a whole batch for one of its records.
_OF_ITS_BATCH = _TOO_LARGE | {KafkaError.INVALID_RECORD}
#: The record had been sent, or may have been, when it was given up.
_UNKNOWN_OUTCOME = frozenset(
    {KafkaError._MSG_TIMED_OUT, KafkaError._TIMED_OUT, KafkaError._PURGE_INFLIGHT}
)
#: The answers to a member whose membership is over, or out of date.
STALE_MEMBER = frozenset(
    {
        KafkaError.ILLEGAL_GENERATION,
        KafkaError.UNKNOWN_MEMBER_ID,
        KafkaError.REBALANCE_IN_PROGRESS,
        KafkaError.FENCED_MEMBER_EPOCH,
        KafkaError.STALE_MEMBER_EPOCH,
    }
)
#: A partition that is not ours (any more): an answer, not a failure.
NOT_OURS = frozenset(
    {
        KafkaError._UNKNOWN_PARTITION,
        KafkaError._STATE,
        KafkaError._UNKNOWN_PARTITION,
        KafkaError._ASSIGNMENT_LOST,
        KafkaError.ILLEGAL_GENERATION,
        KafkaError.UNKNOWN_MEMBER_ID,
        KafkaError.REBALANCE_IN_PROGRESS,
    }
)
#: A rebalance is running; a commit of the old generation is refused.
UNSETTLED = frozenset({KafkaError.ILLEGAL_GENERATION, KafkaError.REBALANCE_IN_PROGRESS})


def reason(error: KafkaException) -> KafkaError:
    """The KafkaError inside an exception."""
    return error.args[0]


def translated(error: KafkaError, doing: str) -> BrokerError:
    """An error of ours that says what was being done and what librdkafka said."""
    text = f"{doing}: {error.str()} ({error.name()})"
    code = _cause(error)
    if code == KafkaError.UNRELEASED_INSTANCE_ID:
        return BrokerUnavailableError(
            f"{text}. A member with this group.instance.id is there still; it must end, or its "
            f"session must time out, before another can take its place."
        )
    if code in _UNAVAILABLE:
        return BrokerUnavailableError(f"{text}. Is the broker running, and the address right?")
    if code in _UNKNOWN_TOPIC:
        return UnknownTopicError(f"{text}. `samovar topics create` creates declared topics.")
    if code in _FENCED:
        return FencedError(f"{text}. Another member has taken this one's place.")
    if code in _REFUSED:
        return RefusedError(f"{text}. {_REFUSED[code]}")
    return BrokerError(text)


def _cause(error: KafkaError) -> int:
    """The error's code. A consumer's fatal errors hide theirs; only their text has it."""
    if error.code() == KafkaError._FATAL:
        for code in (KafkaError.FENCED_INSTANCE_ID, KafkaError.UNRELEASED_INSTANCE_ID, *_REFUSED):
            if KafkaError(code).str() in error.str():
                return code
    return error.code()


def undelivered(error: KafkaError, topic: str) -> BrokerError:
    """Why a record was not delivered, as far as is known."""
    text = f"A record for {topic!r} was not delivered: {error.str()} ({error.name()})"
    if error.code() in _UNKNOWN_OUTCOME:
        return DeliveryUnknownError(f"{text}. It may be stored all the same.")
    if error.code() in _TOO_LARGE:
        return RecordTooLargeError(f"{text}.")
    return DeliveryFailedError(f"{text}.")


def may_be_anothers(error: KafkaError) -> bool:
    """Whether a record may have been refused for what another one in its batch is like: too large,
    or without the key that its topic wants.
    """
    return error.code() in _OF_ITS_BATCH


def is_fatal(error: KafkaError) -> bool:
    """Whether the client is of no use any more. A consumer's fatal errors come with the code
    `_FATAL` while `fatal()` says False, so both are asked.
    """
    return bool(error.fatal()) or error.code() == KafkaError._FATAL
