"""Which properties a client of librdkafka is given."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samovar.broker.kafka.settings import (
    KafkaSettings,
    consumer_properties,
    producer_properties,
    property_faults,
)
from samovar.errors import ConfigurationError


def kafka(**settings: Any) -> KafkaSettings:
    properties = {name.replace("__", "."): value for name, value in settings.items()}
    return KafkaSettings(bootstrap_servers="127.0.0.1:9", client_id="shop", settings=properties)


def consumer(settings: KafkaSettings, **options: Any) -> dict[str, Any]:
    return consumer_properties(settings, **{"group": "g", "commit_interval": 1.0} | options)


def test_the_group_is_the_client_unless_it_is_named():
    assert KafkaSettings(client_id="shop").group == "shop"
    assert KafkaSettings(client_id="shop", group_id="jobs").group == "jobs"


def test_a_consumer_s_defaults():
    assert consumer(kafka(), commit_interval=0.25) == {
        "bootstrap.servers": "127.0.0.1:9",
        "client.id": "shop",
        "socket.nagle.disable": True,
        "log_level": 2,
        "group.id": "g",
        "group.protocol": "classic",
        "partition.assignment.strategy": "cooperative-sticky",
        "heartbeat.interval.ms": 250,
        "auto.offset.reset": "earliest",
        "enable.auto.commit": True,
        "auto.commit.interval.ms": 250,
        "enable.auto.offset.store": False,
        "fetch.queue.backoff.ms": 10,
        "queued.max.messages.kbytes": 8192,
        "fetch.max.bytes": 8_388_608,
        "queued.min.messages": 10_000,
        "topic.metadata.refresh.interval.ms": 10_000,
    }


def test_a_producer_s_defaults():
    assert producer_properties(kafka()) == {
        "bootstrap.servers": "127.0.0.1:9",
        "client.id": "shop",
        "socket.nagle.disable": True,
        "log_level": 2,
        "acks": "all",
        "enable.idempotence": True,
        "linger.ms": 1,
        "sticky.partitioning.linger.ms": 0,
        "message.timeout.ms": 150_000,
        "queue.buffering.max.messages": 100_000,
    }


def test_the_settings_beat_the_defaults_and_the_overrides_both():
    settings = kafka(fetch__queue__backoff__ms=20, linger__ms=5)

    assert consumer(settings)["fetch.queue.backoff.ms"] == 20
    assert producer_properties(settings)["linger.ms"] == 5
    assert producer_properties(settings, {"linger.ms": 9})["linger.ms"] == 9


def test_an_alias_replaces_the_name_that_it_stands_for():
    properties = producer_properties(kafka(queue__buffering__max__ms=5))

    assert properties["linger.ms"] == 5
    assert "queue.buffering.max.ms" not in properties


def test_each_kind_of_client_gets_only_what_it_knows():
    settings = kafka(
        compression__codec="zstd", session__timeout__ms=6000, sasl__username="u", retries=3
    )

    assert {"session.timeout.ms", "sasl.username"} <= consumer(settings).keys()
    assert not {"compression.type", "retries"} & consumer(settings).keys()
    assert {"compression.type", "retries", "sasl.username"} <= producer_properties(settings).keys()
    assert "session.timeout.ms" not in producer_properties(settings)


def test_a_topic_s_first_offset_beats_the_settings_unless_it_is_the_default():
    settings = kafka(auto__offset__reset="latest")

    assert consumer(settings)["auto.offset.reset"] == "latest"
    assert consumer(kafka(), initial_offset="latest")["auto.offset.reset"] == "latest"
    overrides = {"auto.offset.reset": "error"}
    assert (
        consumer(settings, initial_offset="latest", overrides=overrides)["auto.offset.reset"]
        == "error"
    )


class TestTheNewGroupProtocol:
    def test_the_client_s_own_assignment_is_not_sent(self):
        properties = consumer(kafka(group__protocol="consumer"))

        assert properties["group.protocol"] == "consumer"
        assert "partition.assignment.strategy" not in properties

    @pytest.mark.parametrize(
        "name",
        ["partition.assignment.strategy", "session.timeout.ms", "heartbeat.interval.ms"],
    )
    def test_what_it_refuses_is_a_fault(self, name: str):
        found = property_faults({"group.protocol": "consumer", name: 1})

        assert found.keys() == {name}
        assert property_faults({"group.protocol": "classic", name: 1}) == {}

    def test_overrides_that_clash_with_the_settings_are_a_fault(self):
        with pytest.raises(ConfigurationError, match=r"kafka\.settings: session\.timeout\.ms"):
            consumer(kafka(session__timeout__ms=1), overrides={"group.protocol": "consumer"})

    def test_another_protocol_is_a_fault(self):
        assert (
            "expected classic or consumer"
            in property_faults({"group.protocol": "new"})["group.protocol"]
        )


class TestRefusedProperties:
    @pytest.mark.parametrize(
        ("name", "reason"),
        [
            ("enable.auto.offset.store", "belongs to the engine"),
            ("enable.auto.commit", "belongs to the engine"),
            ("auto.commit.enable", "belongs to the engine"),
            ("auto.commit.interval.ms", "worker.commit_interval"),
            ("group.id", "kafka.group_id"),
            ("client.id", "kafka.client_id"),
            ("bootstrap.servers", "kafka.bootstrap_servers"),
            ("metadata.broker.list", "kafka.bootstrap_servers"),
            ("transactional.id", "fence each other"),
        ],
    )
    def test_each_says_why(self, name: str, reason: str):
        assert reason in property_faults({name: "x"})[name]
        with pytest.raises(ConfigurationError, match=name):
            producer_properties(KafkaSettings(bootstrap_servers="a:1", settings={name: "x"}))

    def test_all_are_told_at_once(self):
        assert len(property_faults({"group.id": 1, "client.id": 1, "acks": 1})) == 3

    def test_missing_servers_are_told(self):
        with pytest.raises(ConfigurationError, match="SAMOVAR_KAFKA__BOOTSTRAP_SERVERS"):
            producer_properties(KafkaSettings())


class TestAcks:
    @pytest.mark.parametrize("name", ["acks", "request.required.acks"])
    @pytest.mark.parametrize("acks", [0, 1, "1", 2])
    def test_weaker_ones_need_a_producer_that_is_not_idempotent(self, name: str, acks: object):
        assert property_faults({name: acks}).keys() == {name}
        assert property_faults({name: acks, "enable.idempotence": True}).keys() == {name}
        assert property_faults({name: acks, "enable.idempotence": False}) == {}
        assert property_faults({name: acks, "enable.idempotence": "false"}) == {}

    @pytest.mark.parametrize("acks", ["all", "ALL", -1, "-1"])
    def test_all_of_them_are_welcome(self, acks: object):
        assert property_faults({"acks": acks}) == {}

    def test_a_variant_with_weaker_ones_is_not_idempotent(self):
        properties = producer_properties(kafka(), {"request.required.acks": 1})

        assert properties["acks"] == 1
        assert properties["enable.idempotence"] is False

    def test_a_variant_that_insists_on_both_is_refused(self):
        with pytest.raises(ConfigurationError, match="acks"):
            producer_properties(kafka(), {"acks": 1, "enable.idempotence": True})


@given(
    st.dictionaries(
        st.sampled_from(["acks", "group.protocol", "group.id", "linger.ms", "check.crcs", "x"]),
        st.none() | st.booleans() | st.integers() | st.text(),
    )
)
def test_a_client_s_properties_are_made_or_a_configuration_error_is_raised(
    settings: dict[str, Any],
):
    told = property_faults(settings)
    made = KafkaSettings(bootstrap_servers="a:1", settings=settings)

    for make in (producer_properties, consumer):
        if told:
            with pytest.raises(ConfigurationError) as raised:
                make(made)
            assert len(raised.value.faults) == len(told)
        else:
            assert make(made)["client.id"] == "samovar"


class Warnings(logging.Handler):
    """Keeps what librdkafka says of a client's properties."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if "CONFWARN" in record.getMessage():
            self.messages.append(record.getMessage())


def test_librdkafka_takes_every_default_without_a_warning():
    confluent_kafka = pytest.importorskip("confluent_kafka")
    warnings = Warnings()
    logger = logging.Logger("librdkafka")
    logger.addHandler(warnings)
    both = kafka(
        session__timeout__ms=6000,
        compression__level=3,
        linger__ms=2,
        isolation__level="read_committed",
    )

    for settings in (both, kafka(group__protocol="consumer", partitioner="murmur2")):
        confluent_kafka.Consumer(consumer(settings), logger=logger).close()
        producer = confluent_kafka.Producer(producer_properties(settings), logger=logger)
        producer.poll(0)

    assert warnings.messages == []


def test_jobs_of_transactions_that_were_taken_back_are_never_read() -> None:
    (name, why), *others = property_faults({"isolation.level": "read_uncommitted"}).items()

    assert (name, others) == ("isolation.level", [])
    assert "expected read_committed" in why
    assert property_faults({"isolation.level": "read_committed"}) == {}
