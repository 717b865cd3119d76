"""Every scenario of a plain topic plays on a stage."""

from __future__ import annotations

from tests.support.stage import kafka_stage, stage

__all__ = ["kafka_stage", "stage"]
