"""A job's queue and priority; the numbers are those of the acceptance list."""

from __future__ import annotations

from typing import Any

import pytest

from samovar import Job
from tests.support.applications import Recording, application


class QueueNamedJob(Job):
    queue_as = "named"

    def perform(self, *args: Any) -> tuple[str | None, int | None]:
        return self.queue_name, self.priority


class QueueResetJob(QueueNamedJob):
    queue_as = None


class QueueEmptyJob(QueueNamedJob):
    queue_as = ""


class QueueChosenJob(QueueNamedJob):
    def choose_queue(self) -> str:
        return "chosen"

    def choose_priority(self) -> int:
        return 7


class QueueByArgumentJob(QueueNamedJob):
    def choose_queue(self) -> str | None:
        return "high" if self.arguments[0] > 5 else None

    def choose_priority(self) -> int | None:
        return self.arguments[0]


class QueuePriorityJob(QueueNamedJob):
    priority = 20


class QueuePrefixedJob(QueueNamedJob):
    queue_name_prefix = "own"


class QueuePrefixedChildJob(QueuePrefixedJob):
    queue_name_delimiter = "."
    queue_as = None


class QueuePlainChildJob(QueuePrefixedJob):
    queue_name_prefix = ""


def queue_of(job: Job) -> str:
    return job.serialize()["queue_name"]


@pytest.mark.usefixtures("recording")
class TestQueue:
    @pytest.mark.parametrize(
        ("job", "queue"),
        [
            (QueueNamedJob, "named"),
            (QueueResetJob, "default"),
            (QueueEmptyJob, ""),
            (QueueChosenJob, "chosen"),
        ],
    )
    def test_40_a_class_names_its_queue(self, job: type[Job], queue: str) -> None:
        assert queue_of(job()) == queue
        assert job().queue_name == queue
        assert Job.deserialize(job().serialize()).queue_name == queue

    def test_40_the_choice_may_depend_on_the_arguments(self) -> None:
        assert queue_of(QueueByArgumentJob(9)) == "high"
        assert queue_of(QueueByArgumentJob(1)) == "default"

    def test_40_a_choice_stands_once_it_was_read(self) -> None:
        job = QueueByArgumentJob(9)
        assert job.queue_name == "high"

        job.arguments[0] = 1

        assert queue_of(job) == "high"

    def test_40_a_subclass_changes_nothing_for_its_parent(self) -> None:
        assert queue_of(QueueResetJob()) == "default"
        assert queue_of(QueueNamedJob()) == "named"

    def test_42_a_prefix_of_one_class_is_no_others(self) -> None:
        assert queue_of(QueuePrefixedJob()) == "own_named"
        assert queue_of(QueuePrefixedJob().set(queue="low")) == "own_low"
        assert queue_of(QueuePrefixedChildJob()) == "own.default"
        assert queue_of(QueuePlainChildJob()) == "named"
        assert queue_of(QueueNamedJob()) == "named"

    def test_the_attribute_itself_takes_a_real_name(self) -> None:
        job = QueuePrefixedJob()
        job.queue_name = "raw"

        assert queue_of(job) == "raw"


class TestSettings:
    @pytest.mark.parametrize(
        ("settings", "default", "named"),
        [
            ({"queue_name_prefix": "shop"}, "shop_default", "shop_named"),
            (
                {"queue_name_prefix": "shop", "queue_name_delimiter": "."},
                "shop.default",
                "shop.named",
            ),
            ({"queue_name_prefix": "  "}, "default", "named"),
            ({"default_queue_name": "usual"}, "usual", "named"),
            (
                {"queue_name_prefix": "shop", "default_queue_name": "usual"},
                "shop_usual",
                "shop_named",
            ),
            ({"queue_names": {"named": "other"}}, "default", "other"),
        ],
    )
    def test_41_a_prefix_goes_before_every_name(
        self, settings: dict[str, Any], default: str, named: str
    ) -> None:
        with application(queue_adapter="inline", **settings):
            assert queue_of(QueueResetJob()) == default
            assert queue_of(QueueNamedJob()) == named
            assert queue_of(QueueResetJob().set(queue="named")) == named

    def test_41_a_payload_keeps_its_real_name(self) -> None:
        with application(queue_adapter="inline", queue_name_prefix="shop"):
            data = QueueNamedJob().serialize()
            assert queue_of(Job.deserialize(data)) == "shop_named"

    def test_42_a_class_beats_the_setting(self) -> None:
        with application(queue_adapter="inline", queue_name_prefix="shop"):
            assert queue_of(QueuePrefixedJob()) == "own_named"
            assert queue_of(QueuePlainChildJob()) == "named"


class TestPriority:
    def test_43_the_most_specific_wins(self) -> None:
        with application(queue_adapter="inline", default_priority=5):
            assert QueueNamedJob().serialize()["priority"] == 5
            assert QueuePriorityJob().serialize()["priority"] == 20
            assert QueueChosenJob().serialize()["priority"] == 7
            assert QueueByArgumentJob(3).serialize()["priority"] == 3
            assert QueueChosenJob().set(priority=1).serialize()["priority"] == 1
            assert QueueChosenJob().set(priority=0).serialize()["priority"] == 0

    def test_43_unset_is_none(self, recording: Recording) -> None:
        assert QueueNamedJob().serialize()["priority"] is None

    def test_43_set_casts_to_a_whole_number(self, recording: Recording) -> None:
        job = QueueNamedJob().set(priority="7")  # type: ignore[arg-type]
        assert job.priority == 7


def test_44_set_is_seen_during_perform_now(recording: Recording) -> None:
    assert QueueNamedJob.set(queue="low", priority=3).perform_now() == ("low", 3)
    assert recording.requests == []


def test_44_a_time_is_no_reason_to_wait_for_perform_now(recording: Recording) -> None:
    assert QueueNamedJob.set(wait=3600).perform_now() == ("named", None)
    assert recording.requests == []
