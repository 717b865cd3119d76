"""What can be asked of a log and done to it, and why not the rest."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from samovar.inspection.port import Ability

_NO_REPORTS = "Workers do not report what they do in this version."
_LATER = "Not in this version."

#: An empty reason: it can be done.
ABILITIES: Mapping[Ability, str] = MappingProxyType(
    {
        "ready": "",
        "scheduled": "Jobs that wait for their time are not listed in this version.",
        "running": f"{_NO_REPORTS} Jobs that run are counted as ready.",
        "retrying": f"{_NO_REPORTS} Jobs that are tried again are counted as ready.",
        "blocked": "A log blocks no jobs: those of one key wait in their partition.",
        "dead": "",
        "finished": "A log keeps finished jobs for a while only, and not how they ended.",
        "processes": _NO_REPORTS,
        "recurring": "`samovar recurring list` shows the recurring tasks.",
        "errors": _NO_REPORTS,
        "history": _NO_REPORTS,
        "key": _LATER,
        "checks": "`samovar topics` and the start of a worker say what is wrong.",
        "runtime": "A log does not know which runtime enqueued a job.",
        "retry": "",
        "discard": "",
        "discard_ready": f"A log cannot delete a record in its midst. {_LATER}",
        "run_now": _LATER,
        "move": _LATER,
        "pause": _LATER,
        "clear": f"A log cannot delete a record in its midst. {_LATER}",
        "quiet": f"{_NO_REPORTS} Send the process the signal TSTP.",
    }
)
