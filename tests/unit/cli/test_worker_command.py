"""`samovar worker`: what it refuses, and what it says when it is told to stop."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from samovar import Job, settings
from samovar.cli import worker
from samovar.cli.main import main
from samovar.job import runtime
from samovar.processes.signals import Move, Moves
from samovar.support import home
from samovar.support.names import ClassNames
from tests.support.applications import application


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A directory without a job anywhere."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(home, "_home", None)
    monkeypatch.setattr(worker, "JOB_CLASSES", ClassNames[Job]())
    yield tmp_path
    settings.obey(settings.CommandLine())
    runtime.install(None)


def refusal(capsys: pytest.CaptureFixture[str]) -> tuple[str, str]:
    """What a worker that does not start prints, and what it complains of."""
    with pytest.raises(SystemExit) as ending:
        main(["worker"])
    assert ending.value.code == 1
    said = capsys.readouterr()
    return said.out, said.err


class TestWithoutJobs:
    def test_it_does_not_start_and_says_where_it_looked(
        self, project: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        printed, told = refusal(capsys)

        assert told == (
            "samovar: No job is known here: set `app` or `imports` in samovar.toml "
            f"(none found from {project} upwards).\n"
        )
        assert printed == (
            f"Settings: none found from {project} upwards (environment development).\n"
            f"Log: {project / 'state' / 'samovar' / 'samovar.db'}.\n"
        )

    def test_a_file_that_names_nothing_is_named(
        self, project: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        file = project / "samovar.toml"
        file.write_text('[default.embedded]\npath = "jobs.db"\n')

        printed, told = refusal(capsys)

        assert f"in samovar.toml (found: {file})." in told
        assert (
            printed == f"Settings: {file} (environment development).\nLog: {project / 'jobs.db'}.\n"
        )
        assert not (project / "jobs.db").exists()

    def test_modules_that_define_none_are_named(
        self, project: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (project / "samovar.toml").write_text('[default]\nimports = ["json", "shlex"]\n')

        _, told = refusal(capsys)

        assert "No job is known here: json, shlex defined none. Name the modules" in told


class IdleWorker:
    """Has nothing to do, and so ends at once."""

    failure = None

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
