"""One run of the demo on its own ground: directory, settings file, queues and worker processes.

Nothing is shared with another run or with the user's own jobs: the log file is new, and on Kafka
the queues and the consumer group bear the run's name.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from samovar import backends
from samovar.app import App
from samovar.broker.port import Admin
from samovar.errors import BrokerError, SamovarError
from samovar.settings import Settings, load
from samovar.support import ids

PROCESSES = 2
#: How long the workers may take to end, in seconds.
STOP_SECONDS = 40.0
#: The group notices a killed member after this time; Kafka's default is 45 seconds.
_MISSED_SOON = {"session.timeout.ms": 6000}
#: Each job to a partition of its own choosing; else a bulk of jobs lands in the same one.
_SPREAD = {"sticky.partitioning.linger.ms": 0}
_ENVIRONMENT = {
    # What the sources of others deserve is not the demo's business.
    "PYTHONWARNINGS": "ignore::SyntaxWarning,ignore::DeprecationWarning",
    "PYTHONUNBUFFERED": "1",
}


class DemoError(SamovarError):
    """The demo did not come to its end."""


class Run:
    """A run's place below `directory`, and its processes.

    with Run(directory, adapter="embedded") as run, run.workers():
        ...
    """

    def __init__(
        self, directory: Path, *, adapter: str, bootstrap_servers: str | None = None
    ) -> None:
        """
        Raises:
            ConfigurationError: the adapter's settings are wrong or missing.
            DemoError: nothing can be written there.
        """
        kafka = {"bootstrap_servers": bootstrap_servers} if bootstrap_servers else {}
        own_log = {"path": directory / "samovar.db"}  # each run has one: nothing is to be found
        users = load(overrides={"queue_adapter": adapter, "kafka": kafka, "embedded": own_log})
        self.report = directory / "report.md"
        self.log = directory / "worker.log"
        run_id = ids.uuid4()[:8]
        self._name = f"samovar-demo-{run_id}"
        self._own = directory / f"run-{run_id}"
        self.results = self._own / "results"
        try:
            self.results.mkdir(parents=True)
            self.report.unlink(missing_ok=True)
        except OSError as error:
            raise DemoError(f"{error}. Choose another place with --directory.") from error
        # The settings may hold passwords.
        self._own.chmod(0o700)
        self._config = self._own / "samovar.toml"
        self._config.write_text(_toml(users, self._name), encoding="utf-8")
        self._app = App(settings=load(file=self._config, environ={}))
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Run:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Everything goes but the report and the workers' log."""
        self._app.close()
        shutil.rmtree(self._own, ignore_errors=True)
        try:
            self._delete_topics()
        except BrokerError:
            if error is None:  # else the first error says more
                raise

    @contextmanager
    def workers(self) -> Generator[None, None, None]:
        """`samovar worker` with two processes, until the block ends.

        Raises:
            BrokerError: the broker cannot be reached.
        """
        self._app.create_topics()
        command = [sys.executable, "-m", "samovar", "worker", "--config", str(self._config)]
        environ = {k: v for k, v in os.environ.items() if not k.startswith("SAMOVAR_")}
        with self.log.open("wb") as log:
            self._process = process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=environ | _ENVIRONMENT,
            )
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def check(self) -> None:
        """
        Raises:
            DemoError: the workers have ended by themselves.
        """
        if self._process is not None and (status := self._process.poll()) is not None:
            tail = self.log.read_text(errors="replace").splitlines()[-10:]
            tail_text = "\n".join(tail)
            raise DemoError(
                f"The workers ended early, with status {status}. {self.log}:\n{tail_text}"
            )

    def _delete_topics(self) -> None:
        settings = self._app.settings
        if settings.queue_adapter != "kafka":
            return
        admin: Admin = backends.broker("kafka")(settings.kafka, commit_interval=1.0).admin()
        try:
            admin.delete_topics([name for name in admin.topics() if name.startswith(self._name)])
        finally:
            admin.close()


def _toml(users: Settings, name: str) -> str:
    """The settings that the workers and the enqueuing process share."""
    tables: dict[str, dict[str, object]] = {
        "default": {
            "queue_adapter": users.queue_adapter,
            "queue_name_prefix": name,
            "imports": ["samovar.demo.jobs"],
        },
        "default.worker": {"processes": PROCESSES, "concurrency": 1},
        "default.embedded": {"path": "samovar.db"},
    }
    if users.queue_adapter == "kafka":
        kafka = users.kafka
        is_classic = kafka.settings.get("group.protocol", "classic") == "classic"
        tables["default.kafka"] = {
            "bootstrap_servers": kafka.bootstrap_servers,
            "client_id": kafka.client_id,
            "group_id": name,
        }
        tables["default.kafka.settings"] = {
            **_SPREAD,
            **(_MISSED_SOON if is_classic else {}),
            **kafka.settings,
        }
    return "\n".join(line for table in tables.items() for line in _table(*table))


def _table(name: str, values: dict[str, object]) -> Iterator[str]:
    yield f"[{name}]"
    for key, value in values.items():
        # JSON's strings, numbers, booleans and lists are TOML's too.
        yield f"{json.dumps(key)} = {json.dumps(value, ensure_ascii=False)}"
