"""What commands print commands no terminal."""

from __future__ import annotations

import pytest

from samovar.cli import screen


def test_a_line_quotes_no_command_to_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    screen.say("a\x1b]0;title\x07\r\nb:0:1")

    assert capsys.readouterr().out == "a\\u001b]0;title\\u0007\\r\\nb:0:1\n"


def test_a_text_keeps_its_own_lines_only(capsys: pytest.CaptureFixture[str]) -> None:
    screen.say_lines("two faults:\n  a\x1b[2J\x85b", err=True)

    assert capsys.readouterr().err == "two faults:\n  a\\u001b[2J\\u0085b\n"
