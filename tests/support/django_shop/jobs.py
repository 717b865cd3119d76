"""Jobs that Samovar finds by itself in an installed app."""

from __future__ import annotations

from samovar import Job


class DjangoFoundJob(Job):
    def perform(self) -> None: ...
