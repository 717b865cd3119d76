"""`@kafka_options`: merged along the inheritance, refused at once, hints for each job."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from enum import Enum
from typing import Any

import pytest

from samovar import ArgumentError, Job, MessageInvalidError, job, kafka_options
from samovar.engine.routing.job_options import options_of
from tests.support.applications import Recording, application


@pytest.fixture(autouse=True)
def recording(monkeypatch: pytest.MonkeyPatch) -> Iterator[Recording]:
    recording = Recording()
    with application(queue_adapter="inline"):
        monkeypatch.setattr(Job, "queue_adapter", recording)
        yield recording


@kafka_options(partitioner=lambda job: job.arguments[0], dispatch_method="produce_sync")
class OptionsParentJob(Job):
    def perform(self, number: Any) -> None: ...


@kafka_options(partition_key_type="partition", dispatch_method=None)
class OptionsChildJob(OptionsParentJob): ...


class OptionsSiblingJob(OptionsParentJob): ...


@kafka_options(partitioner=lambda job: f"other-{job.arguments[0]}")
class OptionsOtherJob(Job):
    def perform(self, number: Any) -> None: ...


class OptionsKindJob(Job):
    def perform(self, number: Any) -> None: ...


class OptionsPlainJob(Job):
    def perform(self, number: Any) -> None: ...


def test_a_class_without_options_has_no_hints(recording: Recording) -> None:
    OptionsPlainJob.perform_later(1)

    assert recording.requests[0].hints == {}
    assert OptionsPlainJob.make_hints is None


def test_a_partitioners_value_is_the_key_as_text(recording: Recording) -> None:
    for value in (7, "seven", b"\xff", 7.5, "ü"):
        OptionsParentJob.perform_later(value)

    assert [request.hints["key"] for request in recording.requests] == [
        b"7",
        b"seven",
        b"\xff",
        b"7.5",
        "ü".encode(),
    ]


def test_a_partitioners_value_that_is_a_kind_of_text_is_that_text(recording: Recording) -> None:
    class Method(str, Enum):  # noqa: UP042 -- one that str() prints as its name
        CARD = "card"

    kafka_options(partitioner=lambda job: Method.CARD)(OptionsKindJob)
    OptionsKindJob.perform_later(1)

    assert recording.requests[0].hints["key"] == b"card"


@pytest.mark.parametrize("key_type", ["key", "partition_key"])
def test_a_partitioners_value_that_utf_8_cannot_tell_is_refused(
    recording: Recording, key_type: Any
) -> None:
    kafka_options(partitioner=lambda job: "\ud800", partition_key_type=key_type)(OptionsKindJob)

    with pytest.raises(MessageInvalidError, match="OptionsKindJob gave"):
        OptionsKindJob.perform_later(1)
    assert recording.requests == []


def test_a_partitioner_that_gives_none_gives_no_key(recording: Recording) -> None:
    """B04."""
    OptionsParentJob.perform_later(None)

    assert recording.requests[0].hints == {"dispatch_method": "produce_sync"}


def test_a_subclass_changes_what_it_sets_and_nobody_elses_options(recording: Recording) -> None:
    """A06."""
    OptionsChildJob.perform_later(3)
    OptionsParentJob.perform_later(3)
    OptionsSiblingJob.perform_later(3)

    parents = {"key": b"3", "dispatch_method": "produce_sync"}
    assert [request.hints for request in recording.requests] == [
        {"partition": 3},
        parents,
        parents,
    ]


def test_options_of_several_parents_come_together() -> None:
    @kafka_options(dispatch_many_method="produce_many_sync")
    class OptionsMixedInJob(Job):
        def perform(self, number: Any) -> None: ...

    class OptionsHeirJob(OptionsMixedInJob, OptionsParentJob): ...

    options = options_of(OptionsHeirJob)
    assert options["dispatch_many_method"] == "produce_many_sync"
    assert options["dispatch_method"] == "produce_sync"
    assert options["partition_key_type"] == "key"


def test_options_given_later_hold_for_subclasses_that_were_used_before(
    recording: Recording,
) -> None:
    @kafka_options(partitioner=lambda job: 1)
    class OptionsLateJob(Job):
        def perform(self) -> None: ...

    class OptionsLateChildJob(OptionsLateJob): ...

    OptionsLateChildJob.perform_later()
    kafka_options(partition_key_type="partition_key")(OptionsLateJob)
    OptionsLateChildJob.perform_later()

    assert [request.hints for request in recording.requests] == [
        {"key": b"1"},
        {"partition_key": b"1"},
    ]


def test_classes_used_from_many_threads_never_mix_their_options(recording: Recording) -> None:
    """A07."""
    with ThreadPoolExecutor(8) as threads:
        for number in range(400):
            cls = OptionsParentJob if number % 2 else OptionsOtherJob
            threads.submit(cls.perform_later, number)

    assert len(recording.requests) == 400
    for request in recording.requests:
        number = request.data["arguments"][0]
        expected = f"{number}" if number % 2 else f"other-{number}"
        assert request.hints["key"] == expected.encode()


def test_a_function_job_takes_options_too(recording: Recording) -> None:
    @kafka_options(partitioner=lambda job: job.keyword_arguments["user"])
    @job(queue="emails")
    def options_send(user: int) -> None: ...

    options_send.perform_later(user=5)

    assert recording.requests[0].hints == {"key": b"5"}


def test_a_producer_is_not_asked_for_before_an_adapter_wants_it(recording: Recording) -> None:
    asked: list[Any] = []

    @kafka_options(producer=asked.append)
    class OptionsProducerJob(Job):
        def perform(self) -> None: ...

    OptionsProducerJob.perform_later()
    assert asked == []

    recording.requests[0].hints["producer"]()
    assert [type(each) for each in asked] == [OptionsProducerJob]


@pytest.mark.parametrize("value", [-1, "1", True, 1.0, b"1"], ids=repr)
def test_a_partition_that_is_no_number_is_refused(recording: Recording, value: Any) -> None:
    """B03."""
    with pytest.raises(MessageInvalidError) as refused:
        OptionsChildJob.perform_later(value)

    assert f"OptionsChildJob gave {value!r}" in str(refused.value)
    assert "from 0 up" in str(refused.value)
    assert not recording.requests


@pytest.mark.parametrize("value", ["", b""], ids=repr)
def test_an_empty_key_is_refused(recording: Recording, value: Any) -> None:
    with pytest.raises(MessageInvalidError, match="not empty, or None for no key"):
        OptionsParentJob.perform_later(value)

    assert not recording.requests


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"dispatch_method": "produce_synk"}, "did you mean 'produce_sync'?"),
    ({"dispatch_many_method": "produce_sync"}, "'produce_many_async' or 'produce_many_sync'"),
    ({"partition_key_type": 5}, "expected 'key' or 'partition_key' or 'partition'"),
    ({"partitioner": "user_id"}, "such as lambda job: job.arguments[0]"),
    ({"producer": 1}, "app.producer.variant"),
    ({"scheduled_messages_topic": " "}, "the name of a topic"),
    ({"scheduled_messages_topic": "my jobs"}, "the name of a topic"),
    ({"scheduled_messages_topic": "jobs/later"}, "the name of a topic"),
    ({"scheduled_messages_topic": ".."}, "the name of a topic"),
]


@pytest.mark.parametrize(("options", "says"), REFUSED, ids=lambda each: str(each)[:40])
def test_a_value_of_no_use_is_refused_in_the_decorator(options: Any, says: str) -> None:
    with pytest.raises(ArgumentError) as refused:
        kafka_options(**options)

    ((name, value),) = options.items()
    assert f"kafka_options: {name} is {value!r}" in str(refused.value)
    assert says in str(refused.value)


def test_an_option_that_does_not_exist_is_told_with_the_one_that_was_meant() -> None:
    with pytest.raises(TypeError, match="'partitoner'; did you mean 'partitioner'"):
        kafka_options(partitoner=lambda job: 1)  # pyright: ignore[reportCallIssue]


@pytest.mark.parametrize("decorated", [int, len, lambda: None], ids=["type", "builtin", "lambda"])
def test_what_is_no_job_cannot_have_options(decorated: Any) -> None:
    with pytest.raises(ArgumentError, match="put it above @job"):
        kafka_options(partitioner=lambda job: 1)(decorated)
