"""Peers meet on a stage."""

from __future__ import annotations

from tests.support.stage import stage

__all__ = ["stage"]
