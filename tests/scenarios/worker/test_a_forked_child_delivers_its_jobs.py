"""A process that has enqueued forks: its child enqueues too, and nothing is lost or doubled."""

from __future__ import annotations

import samovar
from tests.support.stage import Stage

FORKING = """
import os, sys
from tests.jobs.sample import JournalJob

JournalJob.perform_later(1)
child = os.fork()
JournalJob.perform_later(2 if child else 3)
if child:
    _, status = os.waitpid(child, 0)
    sys.exit(os.waitstatus_to_exitcode(status))
"""


def test_a_forked_child_delivers_its_jobs(stage: Stage) -> None:
    done = stage.script(FORKING)

    assert done.returncode == 0, done.stderr
    assert "NOT" not in done.stderr
    payloads = [samovar.payload.loads(record.value) for record in stage.records()]
    assert sorted(payload["arguments"] for payload in payloads) == [[1], [2], [3]]
