"""What Rails enqueued is performed as Rails would, and what we enqueue reads as Rails' own.

The payloads are real ones of Active Job: tests/golden/active_job.json.
"""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.jobs.echo import EchoJob
from tests.support.meaning import value_of
from tests.support.stage import Stage

GOLDEN = Path(__file__).parents[1] / "golden" / "active_job.json"


VECTORS: dict[str, dict[str, Any]] = {
    vector["id"]: vector
    for vector in json.loads(GOLDEN.read_text())["vectors"]
    if vector["kind"] == "arguments"
}


def test_a_worker_performs_what_rails_enqueued(stage: Stage) -> None:
    assert len(VECTORS) >= 20
    stage.configure(imports=["tests.jobs.echo"])
    stage.create(partitions=4)
    payloads = [{**vector["payload"], "job_id": name} for name, vector in VECTORS.items()]
    stage.put_raw((n % 4, compact(payload)) for n, payload in enumerate(payloads))

    with stage.steady_worker() as worker:
        stage.journal.wait(lambda journal: len(journal.notes("given")) >= len(VECTORS))
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0

    given: dict[str, Any] = {}
    for note in stage.journal.notes("given"):
        given |= json.loads(note)
    expected = {
        name: {"args": vector["expected"]["args"], "kwargs": vector["expected"]["kwargs"]}
        for name, vector in VECTORS.items()
    }
    assert given == expected
    assert stage.records("default_dead") == []


@pytest.mark.parametrize("name", VECTORS)
def test_a_job_of_the_same_meaning_has_the_same_payload(name: str, tmp_path: Path) -> None:
    stage = Stage("embedded", directory=tmp_path, prefix="rails")
    assert stage.app.settings.queue_adapter == "embedded"
    vector = VECTORS[name]
    args = [value_of(meaning) for meaning in vector["expected"]["args"]]
    kwargs = {key: value_of(meaning) for key, meaning in vector["expected"]["kwargs"].items()}

    payload = EchoJob(*args, **kwargs).serialize()

    # As text: 1 differs from 1.0 and from true there, and the order of keys counts.
    assert json.dumps(payload["arguments"]) == json.dumps(vector["payload"]["arguments"])
    assert list(payload) == list(vector["payload"])


def compact(payload: dict[str, Any]) -> bytes:
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
