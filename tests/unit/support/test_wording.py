"""Words for numbers, slips and errors."""

from __future__ import annotations

import pytest

from samovar.support.wording import counted, error_text, nearest, printable


class SpeechlessError(Exception):
    def __str__(self) -> str:
        raise RuntimeError("not even this")


@pytest.mark.parametrize(
    ("number", "words"), [(0, "0 jobs"), (1, "1 job"), (2, "2 jobs"), (1200, "1,200 jobs")]
)
def test_a_noun_agrees_with_its_number(number: int, words: str) -> None:
    assert counted(number, "job") == words


def test_a_slip_finds_what_was_meant_and_another_word_nothing() -> None:
    assert nearest("paymnets", {"payments", "pigments"}) == "payments"
    assert nearest("zebra", {"payments", "pigments"}) is None
    assert nearest("zebra", ()) is None


def test_an_error_without_readable_text_is_reported_by_its_class() -> None:
    assert error_text(ValueError("no number.")) == "ValueError: no number"
    assert error_text(SpeechlessError()) == "SpeechlessError"


def test_what_others_wrote_forges_no_line_and_commands_no_terminal() -> None:
    assert printable("a\nERROR b\x1b[2J\u202e") == "a\\nERROR b\\u001b[2J\\u202e"
    assert printable("Zählung, Прочее") == "Zählung, Прочее"
    assert printable("x" * 9, 5) == "xxxxx... (9 characters)"
