"""Verbs of other libraries: who writes one of them is given ours."""

from __future__ import annotations

from typing import NoReturn

_VERBS = {
    "delay": "perform_later(...)",
    "apply_async": "set(wait=...).perform_later(...)",
    "kiq": "perform_later(...)",
    "perform_async": "perform_later(...)",
    "perform_at": "set(wait_until=...).perform_later(...)",
    "perform_in": "set(wait=...).perform_later(...)",
    "send": "perform_later(...)",
    "send_with_options": "set(...).perform_later(...)",
}


class _Verb:
    """Stands where the verb would be; a class that has one of that name hides it."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, instance: object, owner: type) -> NoReturn:
        known = getattr(instance, "__name__", None)  # of a function that is a job
        whose = known if isinstance(known, str) else owner.__name__
        raise AttributeError(
            f"{whose} has no {self._name!r}; did you mean {whose}.{_VERBS[self._name]}?"
        )


def hint_at_ours(cls: type) -> None:
    """Set from outside, so that type checkers know of none of these verbs."""
    for name in _VERBS:
        setattr(cls, name, _Verb(name))
