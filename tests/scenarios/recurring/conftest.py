"""Recurring jobs play on both logs."""

from tests.support.stage import stage

__all__ = ["stage"]
