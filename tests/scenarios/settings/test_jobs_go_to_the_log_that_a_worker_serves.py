"""Whoever enqueues, wherever it was started: the job lies in the log of its project, or nowhere."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

JOBS = """
from samovar import Job

class GreetJob(Job):
    def perform(self, name): ...
"""
ENQUEUE = "GreetJob.perform_later('world')"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    project = tmp_path / "project"
    project.mkdir()
    (project / "jobs.py").write_text(JOBS)
    (project / "samovar.toml").write_text('[default]\nimports = ["jobs"]\n')
    (tmp_path / "elsewhere").mkdir()
    return project


def run(*command: str, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("SAMOVAR_")}
    return subprocess.run(
        [sys.executable, *command],
        cwd=cwd,
        env={**own, "XDG_STATE_HOME": str(cwd / "state"), **env},
        capture_output=True,
        text=True,
        timeout=60,
    )


def logs(directory: Path) -> list[str]:
    return sorted(str(path.relative_to(directory)) for path in directory.rglob("*.db"))


@pytest.mark.parametrize(
    "script",
    [
        f"from jobs import GreetJob; {ENQUEUE}",
        f"import os; from jobs import GreetJob; os.chdir('/'); {ENQUEUE}",
    ],
)
def test_a_process_that_was_started_elsewhere(project: Path, tmp_path: Path, script: str) -> None:
    done = run("-c", script, cwd=tmp_path / "elsewhere", PYTHONPATH=str(project))

    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert logs(tmp_path) == ["project/samovar.db"]


def test_a_script_run_by_its_path(project: Path, tmp_path: Path) -> None:
    (project / "enqueue.py").write_text(f"from jobs import GreetJob\n{ENQUEUE}\n")

    done = run(str(project / "enqueue.py"), cwd=tmp_path / "elsewhere")

    assert done.returncode == 0, done.stderr
    assert logs(tmp_path) == ["project/samovar.db"]


def test_without_settings_it_is_the_user_s_log_which_is_reported_once(
    project: Path, tmp_path: Path
) -> None:
    (project / "samovar.toml").unlink()
    script = f"from jobs import GreetJob; {ENQUEUE}; {ENQUEUE}"

    done = run("-c", script, cwd=project, XDG_STATE_HOME=str(tmp_path / "state"))

    assert done.returncode == 0, done.stderr
    assert logs(tmp_path) == ["state/samovar/samovar.db"]
    assert done.stderr.count(str(tmp_path / "state" / "samovar" / "samovar.db")) == 1


def test_in_an_environment_without_settings_nothing_is_enqueued(
    project: Path, tmp_path: Path
) -> None:
    (project / "samovar.toml").unlink()

    done = run("-c", f"from jobs import GreetJob; {ENQUEUE}", cwd=project, SAMOVAR_ENV="production")

    assert done.returncode == 1
    assert "SAMOVAR_ENV is 'production', and there is no settings file" in done.stderr
    assert logs(tmp_path) == []


@pytest.mark.parametrize(
    "command",
    [
        ["dead", "list"],
        ["dead", "show", "some-job"],
        ["recurring", "list"],
        ["topics", "plan"],
        ["topics", "create", "--dry-run"],
        ["topics", "delete", "--dry-run"],
    ],
)
def test_who_only_looks_makes_no_log(project: Path, tmp_path: Path, command: list[str]) -> None:
    done = run("-m", "samovar", *command, cwd=project)

    assert "Traceback" not in done.stderr
    assert logs(tmp_path) == []
    if command[0] == "dead":
        assert f"there is no log at {project / 'samovar.db'} yet" in done.stderr


def test_a_log_in_a_directory_that_is_not_there_is_an_error_also_for_who_looks(
    project: Path,
) -> None:
    (project / "samovar.toml").write_text(
        '[default]\nimports = ["jobs"]\n[default.embedded]\npath = "nowhere/jobs.db"\n'
    )

    done = run("-m", "samovar", "dead", "list", cwd=project)

    assert done.returncode == 1
    assert "there is no directory" in done.stderr
