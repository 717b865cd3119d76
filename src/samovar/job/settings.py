"""What holds for every job unless its class says otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from samovar.support.conversion import NOT_BLANK, Rule, at_least

_HOST_NAME = Rule(
    expected="of letters, digits and hyphens",
    holds=lambda value: value.isascii() and value.replace("-", "").isalnum(),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSettings:
    """Settings of the job wing; in TOML they stand directly in the environment's section."""

    #: Queue of a class that names none.
    default_queue_name: Annotated[str, NOT_BLANK] = "default"
    #: Goes before every real queue name; blank or None adds nothing.
    queue_name_prefix: str | None = None
    #: Stands between prefix and name.
    queue_name_delimiter: str = "_"
    #: Real queue names by logical name; a name that is not listed is its own.
    queue_names: Mapping[str, Annotated[str, NOT_BLANK]] = field(default_factory=dict[str, str])
    #: Priority of a class that names none; the smallest number goes first.
    default_priority: int | None = None
    #: The application's name in global ids: ``gid://<global_id_app>/Order/7``.
    global_id_app: Annotated[str, _HOST_NAME] = "samovar"
    #: How much of a retry's wait is left to chance: 0.15 adds up to 15 per cent.
    retry_jitter: Annotated[float, at_least(0)] = 0.15
    #: Whether log lines may show the arguments of jobs.
    log_arguments: bool = True

    def real_queue(self, name: str) -> str:
        """The queue that the backend knows, for the name used in code."""
        real = self.queue_names.get(name, name)
        if self.queue_name_prefix and self.queue_name_prefix.strip():
            return f"{self.queue_name_prefix}{self.queue_name_delimiter}{real}"
        return real
