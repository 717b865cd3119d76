"""Tracebacks as text: bounded, indented, with their causes."""

from __future__ import annotations

import sys

from samovar.support import tracebacks


def _fail(depth: int) -> None:
    if depth:
        _fail(depth - 1)
    raise ValueError("the innermost")


def test_causes_come_first_as_python_shows_them() -> None:
    try:
        try:
            _fail(0)
        except ValueError as cause:
            raise RuntimeError("the outermost") from cause
    except RuntimeError as error:
        text = tracebacks.text(error)

    assert text.startswith("  Traceback (most recent call last):")
    assert text.index("ValueError: the innermost") < text.index("RuntimeError: the outermost")
    assert text.endswith("RuntimeError: the outermost")


def test_of_a_deep_stack_the_innermost_frames_are_shown() -> None:
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(20_000)
    try:
        _fail(5_000)
    except ValueError as error:
        text = tracebacks.text(error)
        frames = tracebacks.backtrace(error)
    finally:
        sys.setrecursionlimit(limit)

    assert "ValueError: the innermost" in text
    assert len(text) <= tracebacks.MAX_TEXT
    assert len(frames) == tracebacks.MAX_FRAMES


def test_a_message_of_any_length_is_cut() -> None:
    text = tracebacks.text(ValueError("x" * 1_000_000))

    assert len(text) < tracebacks.MAX_TEXT + 100
