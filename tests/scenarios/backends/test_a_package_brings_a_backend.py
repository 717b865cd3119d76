"""A package that is installed beside Samovar registers a backend, and `samovar worker` runs it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.eventually import eventually
from tests.support.worker_process import WorkerProcess

BACKEND = '''
"""Jobs are files in a directory."""

import threading
import time
from pathlib import Path

from samovar.backend import Traits
from samovar.job import performing
from samovar.job.job_data import TAKEN, dumps

PLACE = Path("jobs")


class FilesAdapter:
    name = "files"

    def enqueue(self, request):
        PLACE.mkdir(exist_ok=True)
        draft = PLACE / f".{request.data['job_id']}"
        draft.write_bytes(dumps(request.data))
        draft.rename(PLACE / request.data["job_id"])
        return TAKEN

    def enqueue_all(self, requests):
        return [self.enqueue(request) for request in requests]

    def stopping(self, job=None):
        return False

    def close(self, timeout):
        return 0


class FilesWorker(threading.Thread):
    failure = None

    def __init__(self, order):
        super().__init__()
        self._order = order
        self._is_quiet = threading.Event()

    def run(self):
        PLACE.mkdir(exist_ok=True)
        while not self._is_quiet.is_set():
            for file in sorted(PLACE.glob("[!.]*")):
                outcome = performing.perform(file.read_bytes())
                Path("outcomes").open("a").write(f"{type(outcome).__name__}\\n")
                file.unlink()
            time.sleep(0.01)

    def quiet(self):
        self._is_quiet.set()

    def stop(self):
        self._is_quiet.set()
        self.join()
        return True

    def running(self):
        return ()


class FilesBackend:
    traits = Traits(performs=True)

    def __init__(self, declared):
        self.name = declared.name

    def adapter(self):
        return FilesAdapter()

    def worker(self, order):
        return FilesWorker(order)

    def faults(self, *, performs, order=None):
        return []

    def summary(self):
        return ["Jobs are files in ./jobs."]

    def deliver_each(self):
        pass

    def flush(self, timeout):
        return 0

    def close(self, timeout):
        return 0
'''
JOBS = """
from pathlib import Path

from samovar import Job


class NotingFileJob(Job):
    def perform(self, text):
        Path("done").open("a").write(f"{text}\\n")
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """An application, and a package in a directory on the path, as pip would install it."""
    installed = tmp_path / "installed"
    metadata = installed / "files_backend-1.0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: files-backend\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(
        "[samovar.backends]\nfiles = files_backend:FilesBackend\n"
    )
    (installed / "files_backend.py").write_text(BACKEND)
    (tmp_path / "jobs_of_files.py").write_text(JOBS)
    (tmp_path / "samovar.toml").write_text(
        '[default]\nqueue_adapter = "files"\nimports = ["jobs_of_files"]\n'
    )
    return tmp_path


def environment(project: Path) -> dict[str, str]:
    path = os.pathsep.join([str(project / "installed"), os.environ.get("PYTHONPATH", "")])
    return {**os.environ, "PYTHONPATH": path}


def enqueue(project: Path, text: str) -> None:
    code = f"from jobs_of_files import NotingFileJob; NotingFileJob.perform_later({text!r})"
    subprocess.run(
        [sys.executable, "-c", code], cwd=project, env=environment(project), check=True, timeout=60
    )


def test_its_jobs_are_performed_by_the_worker_that_serves_every_backend(project: Path) -> None:
    enqueue(project, "one")
    done = project / "done"
    with WorkerProcess(cwd=project, env=environment(project)) as worker:
        eventually(lambda: done.exists() and done.read_text() == "one\n", what="the job is done")
        assert "Jobs are files in ./jobs." in worker.output
        enqueue(project, "two")
        eventually(lambda: done.read_text() == "one\ntwo\n", what="the second one too")
        worker.signal(signal.SIGTERM)
        assert worker.wait() == 0
    assert (project / "outcomes").read_text() == "Done\nDone\n"


def test_a_name_that_no_package_registers_is_refused(project: Path) -> None:
    settings = project / "samovar.toml"
    settings.write_text(settings.read_text().replace("files", "piles", 1))
    with WorkerProcess(cwd=project, env=environment(project)) as worker:
        assert worker.wait() == 1
        assert "queue_adapter is 'piles'; expected" in worker.output
