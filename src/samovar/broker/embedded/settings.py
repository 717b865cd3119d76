"""Where the embedded log keeps its file, and how hard it tries not to lose a record."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedSettings:
    """Settings of the embedded log; the table `embedded`."""

    #: The SQLite file; relative to the settings file that says so, else to the working directory.
    path: Path = Path("samovar.db")
    #: SQLite's synchronous mode: "full" survives a power cut, "normal" may lose the last records.
    synchronous: Literal["full", "normal"] = "full"
