"""A job's name as the user gave it, in Ruby's spelling or Python's, and what follows from it."""

from __future__ import annotations

import builtins
import difflib
import keyword
import re
from dataclasses import dataclass

from samovar.errors import ArgumentError


@dataclass(frozen=True, slots=True, kw_only=True)
class JobName:
    """The names of one new job."""

    #: The packages below the one for jobs: ("billing",).
    folders: tuple[str, ...]
    #: ChargeJob
    class_name: str
    #: charge_job
    module: str
    #: Billing::ChargeJob; the class's name when there are no folders.
    on_the_wire: str

    @property
    def slug(self) -> str:
        """billing_charge_job: unlike that of any other job of the project."""
        return "_".join((*self.folders, self.module))


def job_name(given: str) -> JobName:
    """The names that `Billing::ChargeCard`, `billing/charge_card` or `billing.charge_card` stand
    for; a suffix `Job` is added where it is missing.

    Raises:
        ArgumentError: no class can be named so.
    """
    parts = re.split(r"::|/|\.", given)
    for part in parts:
        if not (part.isidentifier() and part.isascii() and _camel(part).isidentifier()):
            raise ArgumentError(
                f"{given!r} is no name for a job: {part!r} is no name in Python; expected "
                f"something like ProcessPayment, process_payment or Billing::Charge."
            )
    *namespace, own = (_camel(part) for part in parts)
    stem = own.removesuffix("Job")
    if not stem:
        raise ArgumentError(f"{given!r} says not which job; expected something like CleanUpJob.")
    folders = tuple(_snake(part) for part in namespace)
    if reserved := [folder for folder in folders if keyword.iskeyword(folder)]:
        raise ArgumentError(
            f"{given!r} cannot be a job's name: {reserved[0]!r} is a keyword of Python, and no "
            f"package can be named so."
        )
    class_name = f"{stem}Job"
    return JobName(
        folders=folders,
        class_name=class_name,
        module=_snake(class_name),
        on_the_wire="::".join((*namespace, class_name)),
    )


def field_fault(name: str) -> str | None:
    """What keeps a parameter of `perform` from having this name; None is nothing."""
    if not (name.isidentifier() and name.isascii()):
        return f"{name!r} is no name in Python; expected something like order_id."
    if keyword.iskeyword(name):
        return f"{name!r} is a keyword of Python; call it {name}_, or something more exact."
    if hasattr(builtins, name):
        return f"{name!r} is a builtin of Python; call it {name}_, or something more exact."
    if name == "self":
        return "'self' is the job itself; call it something else."
    return None


def nearest(word: str, known: list[str]) -> str:
    """A hint at the known word that may have been meant, or nothing."""
    near = difflib.get_close_matches(word, known, 1)
    return f" Did you mean {near[0]}?" if near else ""


def _camel(part: str) -> str:
    return "".join(word[:1].upper() + word[1:] for word in part.split("_"))


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
