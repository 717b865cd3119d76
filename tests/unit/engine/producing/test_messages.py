"""A message is checked whole before anything of it is sent."""

from __future__ import annotations

from typing import Any

import pytest

from samovar import MessageInvalidError
from samovar.engine.producing.messages import check

GOOD: dict[str, Any] = {"topic": "orders", "payload": "placed"}

FAULTS: list[tuple[dict[str, Any], str]] = [
    ({"topic": None}, "topic is None; expected a topic's name."),
    ({"topic": "no spaces"}, "topic is 'no spaces'"),
    ({"payload": 5}, "payload is 5; expected text, bytes, or None for a tombstone."),
    ({"key": ""}, "key is ''; expected text or bytes that are not empty."),
    ({"key": 7}, "key is 7"),
    ({"partition_key": b""}, "partition_key is b''"),
    ({"partition": -1}, "partition is -1; expected a whole number from 0 up."),
    ({"partition": True}, "partition is True"),
    ({"timestamp": 1.5}, "timestamp is 1.5; expected milliseconds since the epoch,"),
    ({"timestamp": 2**63}, "timestamp is 9223372036854775808; expected milliseconds"),
    ({"payload": "\ud800"}, "payload has characters that UTF-8 cannot tell: '\\ud800'."),
    ({"key": "\ud800"}, "key has characters that UTF-8 cannot tell"),
    ({"headers": {"\ud800": "a"}}, "the header '\\ud800' has characters that cannot be sent: 'a'."),
    ({"headers": {"a": ["b", "\ud800"]}}, "the header 'a' has characters that cannot be sent"),
    ({"headers": {"a\0": "b"}}, "the header 'a\\x00' has characters that cannot be sent"),
    ({"headers": [("a", "b")]}, "headers are [('a', 'b')]; expected a dict."),
    ({"headers": {"a": 1}}, "the header 'a' is 1; expected text or bytes, or several."),
    ({"headers": {1: "a"}}, "the header 1 is 'a'"),
    ({"partition": 1, "partition_key": "a"}, "are both given; one chooses."),
    ({"partitoin": 1}, "'partitoin' is no part of a message; did you mean 'partition'?"),
]


@pytest.mark.parametrize(("change", "says"), FAULTS, ids=lambda each: str(each)[:40])
def test_what_cannot_be_sent_is_told(change: Any, says: str) -> None:
    with pytest.raises(MessageInvalidError) as refused:
        check({**GOOD, **change})

    assert says in str(refused.value)


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(MessageInvalidError) as refused:
        check({"topic": 1, "key": 2})

    assert "topic is 1" in str(refused.value)
    assert "payload is missing" in str(refused.value)
    assert "key is 2" in str(refused.value)


def test_what_is_no_message_at_all_is_told() -> None:
    with pytest.raises(MessageInvalidError, match="A message is a dict with topic, payload"):
        check("placed")


def test_a_message_may_leave_out_what_it_does_not_need() -> None:
    nothing = dict.fromkeys(("key", "partition_key", "partition", "timestamp", "headers"))

    check({**GOOD, **nothing, "payload": None})
