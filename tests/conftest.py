"""Fixtures that every ring may use, and what is said at the end of a run."""

from __future__ import annotations

import os
import re
import signal
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import pytest

from tests.support import kafka_files
from tests.support.kafka_process import KafkaProcess

#: Property of a test's report: what a chaos test counted, as one line.
COUNTED = "counted"

IN_CI = os.environ.get("REQUIRE_SERVICES") == "1"

# No deadlines: how long an example takes says more about the machine than about the code.
hypothesis.settings.register_profile("laptop", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, max_examples=30, print_blob=True)
hypothesis.settings.load_profile("ci" if IN_CI else "laptop")


def pytest_configure(config: pytest.Config) -> None:
    # A cancelled CI run sends SIGTERM; like Ctrl-C it must still tear the fixtures down.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    # A shell in the background lets its children ignore SIGINT; tests send it to theirs.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def _no_log_of_the_users(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Without a settings file jobs go to the user's own log: here, to one of the session's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture(scope="session")
def kafka() -> Iterator[KafkaProcess]:
    """The session's one broker; do not kill it, start a KafkaProcess of your own for that."""
    if reason := kafka_files.whats_missing():
        if IN_CI:
            pytest.fail(f"Kafka is required here: {reason}", pytrace=False)
        pytest.skip(f"no Kafka: {reason}")
    with KafkaProcess() as broker:
        yield broker


@pytest.fixture
def unique(request: pytest.FixtureRequest) -> Callable[[str], str]:
    """Names for topics, files and groups that no other test has: unique("orders")."""
    test = re.sub(r"\W+", "-", request.node.name)[:60]
    return lambda name: f"{name}-{test}-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def chaos_report(request: pytest.FixtureRequest) -> Callable[..., None]:
    """Puts counts into chaos-report.txt: chaos_report(enqueued=1000, performed=1003, lost=0)."""

    def report(**counts: object) -> None:
        told = " ".join(f"{name}={count}" for name, count in counts.items())
        request.node.user_properties.append((COUNTED, f"{request.node.name}: {told}"))

    return report


def missing_services(terminalreporter: pytest.TerminalReporter) -> Iterator[str]:
    for report in terminalreporter.stats.get("skipped", ()):
        reason = str(report.longrepr[2]).removeprefix("Skipped: ")
        if reason.startswith("no "):
            yield reason


def counts(terminalreporter: pytest.TerminalReporter) -> Iterator[str]:
    for reports in terminalreporter.stats.values():
        for report in reports:
            yield from (v for key, v in getattr(report, "user_properties", ()) if key == COUNTED)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """All from reports, which may come from several test processes."""
    for missing in sorted(set(missing_services(terminalreporter))):
        terminalreporter.write_line(f"Skipped: {missing}")
    if lines := list(dict.fromkeys(counts(terminalreporter))):
        terminalreporter.section("chaos report")
        terminalreporter.write_line("\n".join(lines))
        Path(config.rootpath, "chaos-report.txt").write_text("\n".join(lines) + "\n")
