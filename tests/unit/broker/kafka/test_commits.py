"""Commits are sent as often as asked, but one at a time."""

from __future__ import annotations

from typing import Any

import pytest
from confluent_kafka import KafkaError

from samovar.broker.kafka.commits import ANSWER_SECONDS, Commits
from samovar.support import clock


class Client:
    """Counts what it is asked to commit, and answers nothing."""

    def __init__(self) -> None:
        self.sent = 0

    def commit(self, *, asynchronous: bool) -> None:
        assert asynchronous
        self.sent += 1


@pytest.fixture
def client() -> Any:
    return Client()


@pytest.fixture
def moment(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, to be set."""
    moment = [100.0]
    monkeypatch.setattr(clock, "monotonic", lambda: moment[0])
    return moment


def test_what_is_stored_is_committed_once(client: Any, moment: list[float]):
    commits = Commits(0.05)
    commits.commit_when_due(client)
    assert client.sent == 0

    commits.stored()
    commits.commit_when_due(client)
    commits.answered(None)
    moment[0] += 1
    commits.commit_when_due(client)

    assert client.sent == 1


def test_it_is_not_committed_more_often_than_asked(client: Any, moment: list[float]):
    commits = Commits(0.05)
    for _ in range(10):
        commits.stored()
        commits.commit_when_due(client)
        commits.answered(None)
        moment[0] += 0.01

    assert client.sent == 2


def test_none_is_sent_before_the_last_is_answered(client: Any, moment: list[float]):
    commits = Commits(0.05)
    for _ in range(20):
        commits.stored()
        commits.commit_when_due(client)
        moment[0] += 0.1

    assert client.sent == 1
    moment[0] += ANSWER_SECONDS
    commits.commit_when_due(client)
    assert client.sent == 2


def test_what_was_refused_is_sent_again(client: Any, moment: list[float]):
    commits = Commits(0.05)
    commits.stored()
    commits.commit_when_due(client)

    commits.answered(KafkaError(KafkaError.ILLEGAL_GENERATION))
    moment[0] += 0.1
    commits.commit_when_due(client)

    assert client.sent == 2
