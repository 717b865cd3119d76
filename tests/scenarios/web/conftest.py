"""The stage, for web servers that enqueue."""

from tests.support.stage import kafka_stage, stage

__all__ = ["kafka_stage", "stage"]
