"""The results of a run, as they are kept in a JSON file."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.machine import machine, versions
from benchmarks.measure import Sizes
from benchmarks.targets import TARGETS


@dataclass(kw_only=True)
class Results:
    """Everything that the report is made of."""

    measured_at: str
    sizes: dict[str, Any]
    machine: dict[str, Any]
    versions: dict[str, str]
    #: By contestant: why it was left out.
    skipped: dict[str, str] = field(default_factory=dict)
    #: By contestant and measure.
    medians: dict[str, dict[str, float]] = field(default_factory=dict)
    #: The same, each round's.
    values: dict[str, dict[str, list[float]]] = field(default_factory=dict)

    @classmethod
    def begun(cls, sizes: Sizes) -> Results:
        """Of a run that begins now, on this machine."""
        now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
        return cls(measured_at=now, sizes=asdict(sizes), machine=machine(), versions=versions())

    @classmethod
    def read(cls, path: Path) -> Results:
        data = json.loads(path.read_text())
        data.pop("targets")  # follows from the rest
        return cls(**data)

    def write(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({**asdict(self), "targets": self._targets()}, indent=1) + "\n")

    def _targets(self) -> list[dict[str, Any]]:
        return [
            {"claim": t.claim, "value": value, "required": t.required, "aim": t.aim}
            | {"verdict": t.verdict(value)}
            for t in TARGETS
            if (value := t.value(self.medians)) is not None
        ]
