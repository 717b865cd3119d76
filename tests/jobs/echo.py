"""The job of the golden vectors: it notes what it was given, in their notation."""

from __future__ import annotations

import json
from typing import Any

from samovar import Job
from tests.support import journal
from tests.support.meaning import meaning_of


class EchoJob(Job):
    def perform(self, *args: Any, **kwargs: Any) -> None:
        given = {
            "args": [meaning_of(value) for value in args],
            "kwargs": {key: meaning_of(value) for key, value in kwargs.items()},
        }
        journal.write("given", json.dumps({self.job_id: given}))
