"""How the modules of an application are found and imported, in processes of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

JOBS = """
import logging
from dataclasses import dataclass
from samovar import CurrentAttributes, Job, job, register_class

print("imported", __name__)

class GreetJob(Job):
    def perform(self, name): ...

@job
def greet(name): ...

@register_class
@dataclass
class Money:
    cents: int

class Current(CurrentAttributes):
    tenant: str | None = None
"""
MAIN = """
from samovar.job.current_attributes import persist, persisted

persist(Current)
if __name__ == "__main__":
    assert GreetJob.perform_later("world")
    assert greet.perform_later("world")
    assert GreetJob.perform_later(Money(5))
    assert len(persisted) == 1
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "samovar.toml").write_text('[default]\nimports = ["jobs"]\nqueue_adapter="test"\n')
    (tmp_path / "jobs.py").write_text(JOBS + MAIN)
    return tmp_path


def run(*command: str, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command],
        cwd=cwd,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize("command", [["jobs.py"], ["-m", "jobs"], ["./sub/../jobs.py"]])
def test_a_script_that_the_settings_name_is_one_with_its_module(
    project: Path, command: list[str]
) -> None:
    (project / "sub").mkdir()

    done = run(*command, cwd=project)

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["imported __main__"]


def test_so_is_a_module_of_a_package(project: Path) -> None:
    (project / "shop").mkdir()
    (project / "shop" / "__init__.py").touch()
    (project / "jobs.py").rename(project / "shop" / "jobs.py")
    (project / "samovar.toml").write_text(
        '[default]\nimports = ["shop.jobs"]\nqueue_adapter="test"\n'
    )

    for command in (["-m", "shop.jobs"], ["shop/jobs.py"]):
        done = run(*command, cwd=project, PYTHONPATH=str(project))
        assert done.returncode == 0, done.stderr


def test_a_script_that_another_module_imports_is_defined_once(project: Path) -> None:
    (project / "mails.py").write_text("import jobs\nassert jobs.GreetJob.job_name == 'GreetJob'\n")
    (project / "jobs.py").write_text(
        f"{JOBS}\nif __name__ == '__main__':\n    import mails\n{MAIN}"
    )

    done = run("jobs.py", cwd=project)

    assert done.returncode == 0, done.stderr


def test_two_paths_to_one_file_are_one_definition(project: Path) -> None:
    (project / "shop").mkdir()
    (project / "shop" / "jobs.py").symlink_to(project / "jobs.py")
    script = "import jobs, shop.jobs; jobs.GreetJob.perform_later(jobs.Money(1))"

    done = run("-c", script, cwd=project)

    assert done.returncode == 0, done.stderr


def test_two_classes_of_one_name_in_two_files_are_an_error_still(project: Path) -> None:
    (project / "others.py").write_text(JOBS)

    done = run("-c", "import jobs, others", cwd=project)

    assert "DuplicateJobNameError: Two job classes are named 'GreetJob'" in done.stderr


@pytest.mark.parametrize("setting", ["imports", "app"])
@pytest.mark.parametrize("status", ["0", "3", ""])
def test_a_module_that_ends_the_program_is_an_error_that_names_it(
    project: Path, setting: str, status: str
) -> None:
    (project / "ends.py").write_text(f"import sys\n\nsys.exit({status})\n")
    value = '["ends"]' if setting == "imports" else '"ends:app"'
    (project / "samovar.toml").write_text(f"[default]\n{setting} = {value}\n")
    script = "from samovar import Job\nclass A(Job): ...\nA.perform_later()"

    for command in (["-m", "samovar", "worker"], ["-c", script]):
        done = run(*command, cwd=project)
        assert done.returncode == 1
        assert "The module 'ends' ended the program while it was imported" in done.stderr
        assert f"{project / 'ends.py'}, line 3" in done.stderr


def test_modules_are_found_beside_the_settings_file(project: Path) -> None:
    below = project / "scripts" / "daily"
    below.mkdir(parents=True)
    (below / "run.py").write_text(
        "from samovar.loading import load_app\nload_app()\nfrom jobs import GreetJob\n"
        "assert GreetJob.perform_later('world')\n"
    )

    scripted = run("run.py", cwd=below)
    listed = run("-m", "samovar", "worker", cwd=below)

    assert scripted.returncode == 0, scripted.stderr
    assert "imported jobs" in listed.stdout
    assert "There is no module" not in listed.stderr


def test_modules_are_not_taken_from_a_directory_that_everybody_may_write(project: Path) -> None:
    below = project / "below"
    below.mkdir()
    project.chmod(0o1777)

    done = run("-m", "samovar", "worker", cwd=below)

    assert "There is no module 'jobs'" in done.stderr


@pytest.mark.parametrize(
    "setup",
    [
        "logging.config.dictConfig({'version': 1})",
        "logging.config.dictConfig({'version': 1, 'root': {'handlers': []}})",
        "logging.getLogger('samovar').disabled = True",
        "logging.getLogger().handlers.clear()",
    ],
)
def test_the_log_goes_on_whatever_a_module_did_to_logging(project: Path, setup: str) -> None:
    (project / "jobs.py").write_text(f"{JOBS}\nimport logging.config\n{setup}\n")
    script = (
        "from samovar.cli import loading; loading.log_to_stderr();"
        "app = loading.load_user_app(loading.load_settings());"
        "from samovar import events; events.announce('worker.quieted')"
    )

    done = run("-c", script, cwd=project)

    assert "takes no new jobs" in done.stderr, done.stderr


def test_a_level_that_a_module_set_is_obeyed(project: Path) -> None:
    setup = "logging.config.dictConfig({'version': 1, 'loggers': {'samovar': {'level': 'ERROR'}}})"
    (project / "jobs.py").write_text(f"{JOBS}\nimport logging.config\n{setup}\n")
    script = (
        "from samovar.cli import loading; loading.log_to_stderr();"
        "app = loading.load_user_app(loading.load_settings());"
        "from samovar import events; events.announce('worker.quieted')"
    )

    done = run("-c", script, cwd=project)

    assert done.returncode == 0, done.stderr
    assert "takes no new jobs" not in done.stderr
