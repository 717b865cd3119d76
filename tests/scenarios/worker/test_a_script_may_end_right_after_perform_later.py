"""The interpreter's exit waits for the jobs that are still on their way."""

from __future__ import annotations

import samovar
from tests.support.stage import Stage

SCRIPT = """
from tests.jobs.sample import JournalJob

for number in range(100):
    JournalJob.perform_later(number)
"""


def test_a_script_may_end_right_after_perform_later(stage: Stage) -> None:
    done = stage.script(SCRIPT)

    assert (done.returncode, done.stderr) == (0, "")
    payloads = [samovar.payload.loads(record.value) for record in stage.records()]
    assert sorted(payload["arguments"][0] for payload in payloads) == list(range(100))
