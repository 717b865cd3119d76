"""Who misspells a command, or knows another worker's options, is given ours."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from samovar.cli.main import cli


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (["wroker"], "worker"),
        (["topcis", "plan"], "topics"),
        (["dead", "lst"], "list"),
        (["topics", "crate"], "create"),
        (["recurring", "enabel", "x"], "enable"),
        (["generate", "jbo", "X"], "job"),
    ],
)
def test_a_misspelt_command_is_answered_with_the_one_that_was_meant(
    typed: list[str], meant: str
) -> None:
    done = CliRunner().invoke(cli, typed)

    assert done.exit_code == 2
    assert f"Did you mean '{meant}'?" in done.output


def test_a_command_like_no_other_gets_no_hint() -> None:
    assert "Did you mean" not in CliRunner().invoke(cli, ["zebra"]).output


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (["-t", "5"], "-c, --concurrency"),
        (["--threads", "5"], "-c, --concurrency"),
        (["--threads=5"], "-c, --concurrency"),
        (["-Q", "mail"], "-q, --queue"),
        (["--workers", "2"], "--processes"),
    ],
)
def test_an_option_of_another_worker_is_answered_with_ours(typed: list[str], meant: str) -> None:
    done = CliRunner().invoke(cli, ["worker", *typed])

    assert done.exit_code == 2
    assert f"No such option {typed[0].partition('=')[0]}. Did you mean {meant}?" in done.output
