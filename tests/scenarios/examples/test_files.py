"""The example `files`, with real log files."""

from __future__ import annotations

import gzip
from pathlib import Path

from tests.scenarios.examples.running import copy_example, run_script, worker_in
from tests.support.eventually import eventually


def test_old_logs_are_compressed_whole_and_the_current_one_is_left(tmp_path: Path) -> None:
    directory = copy_example("files", tmp_path)
    logs = directory / "logs"
    logs.mkdir()
    texts = {f"day-{day}.log": f"{day} went by\n" * 50_000 for day in range(1, 6)}
    for name, text in texts.items():
        (logs / name).write_text(text)
    (logs / "current.log").write_text("today")
    run_script(directory, "enqueue.py")
    run_script(directory, "enqueue.py")  # each job twice: the second finds its work done

    with worker_in(directory) as worker:
        eventually(lambda: not list(logs.glob("day-*.log")))
        eventually(lambda: len(list(logs.iterdir())) == 6)

    assert {
        path.stem: gzip.decompress(path.read_bytes()).decode() for path in logs.glob("*.gz")
    } == texts
    assert (logs / "current.log").read_text() == "today"
    assert "ERROR" not in worker.output
