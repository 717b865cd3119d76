"""Q01 and Q02: `samovar topics` makes the declared topics as declared, and touches no others."""

from __future__ import annotations

import subprocess
import sys

from tests.support.eventually import eventually
from tests.support.stage import Stage, kafka_stage, stage

__all__ = ["kafka_stage", "stage"]

ROUTES = """
app.job_topic("orders", partitions=4, config={"retention.ms": "86400000"})
app.job_topic("mail", partitions=1, dead_letter_queue=DeadLetterQueue("lost"))
app.job_topic("as_it_is")
"""


def topics(stage: Stage, *arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "samovar", "topics", *arguments],
        cwd=stage.directory,
        env={"PATH": "", **stage.environment},
        input=typed,
        capture_output=True,
        text=True,
        timeout=60,
    )


def there(stage: Stage) -> dict[str, int]:
    """The stage's own topics, by logical name, with their partitions."""
    head = f"{stage.prefix}."
    found = stage.admin.topics()
    return {name.removeprefix(head): n for name, n in found.items() if name.startswith(head)}


def test_topics_are_made_as_they_are_declared(stage: Stage) -> None:
    stage.declare(ROUTES)
    for queue, partitions in {"mail": 2, "orders": 2, "as_it_is": 3, "stray": 1}.items():
        stage.create(queue, partitions=partitions)
    before = there(stage)
    orders = stage.topic("orders")

    planned = topics(stage, "plan", "--detailed-exitcode")
    assert planned.returncode == 2, planned.stderr
    assert f"Would raise {orders} from 2 to 4 partitions." in planned.stdout
    assert "partitions are never taken away" in planned.stdout
    assert there(stage) == before

    done = topics(stage, "migrate", "--detailed-exitcode")
    assert done.returncode == 2, done.stderr
    assert f"Raised {orders} from 2 to 4 partitions." in done.stdout
    assert f"Created {stage.topic('lost')} with 1 partition." in done.stdout
    assert there(stage) == {"orders": 4, "mail": 2, "lost": 1, "as_it_is": 3, "stray": 1}

    again = topics(stage, "migrate", "--detailed-exitcode")
    assert (again.returncode, again.stderr) == (0, "")
    assert "Nothing to do: every declared topic is as declared." in again.stdout


def test_settings_are_aligned_and_a_wrong_one_is_told(kafka_stage: Stage) -> None:
    stage = kafka_stage
    stage.declare(ROUTES)
    stage.create("orders", partitions=4)
    assert topics(stage, "migrate").returncode == 0

    config = stage.admin.describe([stage.topic("orders")])[stage.topic("orders")].config
    assert config["retention.ms"] == "86400000"

    stage.declare('app.job_topic("orders", config={"retention.sm": "5"})')
    refused = topics(stage, "migrate", "--detailed-exitcode")
    assert refused.returncode == 1
    assert "retention.sm" in refused.stderr


def test_topics_are_deleted_only_when_the_word_was_typed(stage: Stage) -> None:
    stage.declare(ROUTES)
    stage.create("stray", partitions=1)
    assert topics(stage, "create").returncode == 0
    made = there(stage)

    for typed in ("", "yes\n"):
        refused = topics(stage, "delete", typed=typed)
        assert refused.returncode == 1
        assert there(stage) == made
    assert "Would delete" in topics(stage, "delete", "--dry-run").stdout
    assert there(stage) == made

    done = topics(stage, "delete", typed="delete\n")
    assert done.returncode == 0, done.stderr
    eventually(lambda: there(stage) == {"stray": 1}, what="the declared topics are gone")
    again = topics(stage, "delete", typed="delete\n")
    assert again.stdout == "Nothing to do: no declared topic is there.\n"
