"""Every two features of a topic: had together, or refused with a reason."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest

from samovar.broker.port import TopicPartition
from samovar.engine.consuming.consumer import Consumer
from samovar.engine.flow import assembly
from samovar.engine.flow.delaying import Delaying
from samovar.engine.flow.expiry import Expiry
from samovar.engine.flow.filtering import Filtering
from samovar.engine.flow.stages import Gate
from samovar.engine.flow.throttling import Throttling
from samovar.engine.routing.lanes import VirtualPartitions
from samovar.engine.routing.pace import Throttle
from samovar.engine.routing.recovery import DeadLetterQueue, Pause
from samovar.engine.routing.topic import Topic

FEATURES: dict[str, dict[str, Any]] = {
    "dead letters": {"dead_letter_queue": DeadLetterQueue("dead")},
    "dead letters without a retry": {"dead_letter_queue": DeadLetterQueue("dead", max_retries=0)},
    "rolling attempts": {"dead_letter_queue": DeadLetterQueue("dead", independent=False)},
    "virtual partitions": {"virtual_partitions": VirtualPartitions(partitioner=lambda r: r.key)},
    "ordering by key": {"ordering": "key"},
    "no ordering": {"ordering": "none"},
    "share group": {"share_group": True},
    "long-running": {"long_running": True},
    "throttle": {"throttle": Throttle(10, 60)},
    "delay": {"delay_by": 60.0},
    "expiry": {"expire_in": 3600.0},
    "filters": {"filters": (lambda topic, partition: None,)},
    "pause": {"pause": Pause(timeout=5)},
    "consumer": {"consumer": Consumer},
    "small batches": {"max_messages": 1},
}

#: All other pairs can be had.
REFUSED = {
    ("dead letters without a retry", "virtual partitions"): "expected 1 or more",
    ("rolling attempts", "virtual partitions"): "have retries of their own",
    ("rolling attempts", "ordering by key"): "have retries of their own",
    ("rolling attempts", "no ordering"): "have retries of their own",
    ("virtual partitions", "ordering by key"): "each says what runs side by side",
    ("virtual partitions", "no ordering"): "each says what runs side by side",
    ("rolling attempts", "share group"): "has retries of its own",
    ("virtual partitions", "share group"): "keeps no order",
    ("ordering by key", "share group"): "keeps no order",
    ("no ordering", "share group"): "keeps no order",
    ("virtual partitions", "consumer"): "works on whole batches",
    ("ordering by key", "consumer"): "works on whole batches",
    ("no ordering", "consumer"): "works on whole batches",
    ("share group", "consumer"): "works on whole batches",
    ("share group", "long-running"): "no partition to pause",
    ("share group", "throttle"): "cannot be held",
    ("share group", "delay"): "cannot be held",
    ("share group", "filters"): "cannot be held",
}
#: Two settings of one name are no pair.
PAIRS = [
    (one, other)
    for one, other in combinations(FEATURES, 2)
    if not FEATURES[one].keys() & FEATURES[other].keys()
]


@pytest.mark.parametrize(("one", "other"), PAIRS, ids=" + ".join)
def test_two_features_are_had_together_or_refused_with_a_reason(one: str, other: str) -> None:
    faults = refusals(**FEATURES[one], **FEATURES[other])

    if (reason := REFUSED.get((one, other))) is None:
        assert faults == []
    else:
        assert len(faults) == 1
        assert reason in faults[0]
        for settings in (FEATURES[one], FEATURES[other]):
            assert next(iter(settings)) in faults[0]


@pytest.mark.parametrize("feature", FEATURES)
def test_no_feature_is_refused_by_itself(feature: str) -> None:
    assert refusals(**FEATURES[feature]) == []


def test_an_expiry_that_no_delayed_job_can_meet_is_refused() -> None:
    assert refusals(delay_by=60.0, expire_in=61.0) == []
    (fault,) = refusals(delay_by=60.0, expire_in=60.0)
    assert "make expire_in longer" in fault


def test_what_drops_records_is_asked_first_and_what_counts_them_last() -> None:
    settings = {
        k: v for f in ("throttle", "delay", "filters", "expiry") for k, v in FEATURES[f].items()
    }
    gate = assembly.gate(Topic(name="orders", **settings), TopicPartition("orders", 0))

    assert isinstance(gate, Gate)
    assert [type(stage) for stage in gate.stages] == [Expiry, Filtering, Delaying, Throttling]


def test_a_plain_topic_asks_nothing() -> None:
    assert assembly.gate(Topic(name="orders"), TopicPartition("orders", 0)) is None


def test_marks_and_payloads_of_jobs_are_not_the_applications_affair() -> None:
    assert refusals(consumer=Consumer, manual_marks=True, deserializer=str) == []
    for settings in ({"manual_marks": True}, {"deserializer": str}):
        (fault,) = refusals(**settings)
        assert "for topics with a consumer" in fault


def refusals(**settings: Any) -> list[str]:
    return list(assembly.refusals(Topic(name="orders", **settings)))
