"""Which of a class's declarations deals with an error: the first that matches, from the top down.

When none matches an error, its cause is asked about. In an ExceptionGroup each error decides for
itself: as with `except*`, what nobody matches leaves, and then the job has failed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, cast

from samovar.job.classes import wire_name
from samovar.job.retries import AfterDiscard, Declaration, ErrorName, Retry, declared
from samovar.support import raised

Found = tuple[Declaration, BaseException]


def find(cls: type, error: BaseException) -> Found | None:
    """The declaration that deals with `error` or one of its causes, and the error it matched."""
    return _find([one for one in declared(cls) if not isinstance(one, AfterDiscard)], error)


def _find(declarations: Sequence[Declaration], error: BaseException) -> Found | None:
    for cause in _causes(error):
        if raised.is_a(cause, BaseExceptionGroup):
            group = cast("BaseExceptionGroup[Any]", cause)
            found = _find_for_group(declarations, group)
        else:
            found = _first_match(declarations, cause)
        if found is not None:
            return found
    return None


def _first_match(declarations: Sequence[Declaration], error: BaseException) -> Found | None:
    for declaration in declarations:
        if any(_matches(error, wanted) for wanted in declaration.errors):
            return declaration, error
    return None


def _find_for_group(
    declarations: Sequence[Declaration], group: BaseExceptionGroup[Any]
) -> Found | None:
    """What deals with every error of the group. Where they differ a retry is chosen before all
    else: one of several errors is no reason to drop the job.
    """
    for_groups = [one for one in declarations if any(map(_names_groups, one.errors))]
    if (found := _first_match(for_groups, group)) is not None:
        return found
    each = [_find(declarations, error) for error in group.exceptions]
    found_for_all = [found for found in each if found is not None]
    if len(found_for_all) < len(each):
        return None
    return min(
        found_for_all,
        key=lambda found: (not isinstance(found[0], Retry), declarations.index(found[0])),
    )


def _names_groups(wanted: ErrorName) -> bool:
    return isinstance(wanted, type) and issubclass(wanted, BaseExceptionGroup)


def _matches(error: BaseException, wanted: ErrorName) -> bool:
    if isinstance(wanted, str):
        return any(wanted in (_full_name(kind), wire_name(kind)) for kind in type(error).__mro__)
    return raised.is_a(error, wanted)


def _causes(error: BaseException) -> Iterator[BaseException]:
    if raised.is_a(error, MemoryError) or not raised.is_a(error, Exception):
        # It concerns the process: what was handled before it came is no reason to keep it quiet.
        yield error
        return
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        yield cause
        cause = raised.cause(cause)


def _full_name(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"
