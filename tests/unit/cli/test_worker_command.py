"""`samovar worker`: what it refuses, and what it says when it is told to stop."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from samovar.cli import worker
from samovar.processes.signals import Move, Moves
from tests.support.applications import application


class IdleWorker:
    """Has nothing to do, and so ends at once."""

    def start(self) -> None: ...

    def stop(self) -> bool:
        return True


@pytest.mark.parametrize("flag", ["--concurrency", "--processes"])
@pytest.mark.parametrize("count", ["0", "-1", "many"])
def test_a_count_below_one_is_refused_by_its_flag(flag: str, count: str) -> None:
    done = CliRunner().invoke(worker.command, [flag, count])

    assert done.exit_code == 2
    assert f"{flag}'" in done.output
    assert "worker." not in done.output


def test_a_stop_says_how_long_it_may_take(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    moves = Moves()
    moves.put(Move.STOP)

    with application(embedded={"path": tmp_path / "log.db"}, worker={"shutdown_timeout": 7}) as app:
        status = worker.run(app, IdleWorker(), moves)  # type: ignore[arg-type]

    assert status == 0
    assert "Running jobs have 7 s to finish (worker.shutdown_timeout)." in capsys.readouterr().err
