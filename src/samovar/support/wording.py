"""Errors as text, whatever they do when they are asked for it."""

from __future__ import annotations


def message(error: BaseException) -> str:
    """What the error says; nothing when even that fails."""
    try:
        return str(error)
    except Exception:
        return ""


def told(error: BaseException) -> str:
    """The error's class and what it says, without a full stop at the end."""
    said = message(error).rstrip(".")
    return f"{type(error).__name__}: {said}" if said else type(error).__name__
