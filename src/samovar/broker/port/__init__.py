"""The port to a partitioned log that can be read again: what the engine asks of any broker.

A broker keeps topics; a topic has partitions; a partition is a sequence of records with ascending
offsets (gaps are legal). A consumer belongs to a group; at most one consumer of a group holds a
partition. An offset is always that of the next record to read.

Two brokers implement it: `samovar.broker.kafka` and `samovar.broker.embedded`. A third one must
pass the suite `samovar.testing.contracts.BrokerContract`. Read `broker.py` first, then `values.py`.
"""

from samovar.broker.port.admin import Admin
from samovar.broker.port.broker import Broker, Traits
from samovar.broker.port.consumer import (
    LEAVE_SECONDS,
    PLAIN,
    Consumer,
    ConsumerOptions,
    RebalanceListener,
)
from samovar.broker.port.producer import (
    NO_CONFIG,
    AtomicProducer,
    Barrier,
    Deliveries,
    OnDelivery,
    Producer,
)
from samovar.broker.port.shares import Delivery, ShareConsumer
from samovar.broker.port.values import (
    METADATA_BYTES,
    NO_MARKS,
    NO_METADATA,
    Batch,
    Commit,
    Headers,
    NewRecord,
    Record,
    TopicPartition,
    TopicSpec,
    TopicState,
    Watermarks,
    Written,
    config_text,
)

__all__ = [
    "LEAVE_SECONDS",
    "METADATA_BYTES",
    "NO_CONFIG",
    "NO_MARKS",
    "NO_METADATA",
    "PLAIN",
    "Admin",
    "AtomicProducer",
    "Barrier",
    "Batch",
    "Broker",
    "Commit",
    "Consumer",
    "ConsumerOptions",
    "Deliveries",
    "Delivery",
    "Headers",
    "NewRecord",
    "OnDelivery",
    "Producer",
    "RebalanceListener",
    "Record",
    "ShareConsumer",
    "TopicPartition",
    "TopicSpec",
    "TopicState",
    "Traits",
    "Watermarks",
    "Written",
    "config_text",
]
