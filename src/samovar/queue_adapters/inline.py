"""The inline adapter: performs a job at once, in the caller's thread."""

from __future__ import annotations

from collections.abc import Sequence

from samovar.errors import EnqueueError, SchedulingNotSupportedError
from samovar.job import execution
from samovar.job.job_data import TAKEN, EnqueueRequest, Receipt, dumps, loads


class InlineAdapter:
    """A full round trip through the payload: arguments are copies; errors reach the caller."""

    name = "inline"

    def enqueue(self, request: EnqueueRequest) -> Receipt:
        """Perform the job.

        Raises:
            SchedulingNotSupportedError: the job has a time; nothing here can wait.
        """
        if request.due_ns is not None:
            raise SchedulingNotSupportedError(
                f"The inline adapter performs {request.data['job_class']} at once and cannot "
                f"wait until {request.data['scheduled_at']}."
            )
        execution.execute(loads(dumps(request.data)))
        return TAKEN

    def enqueue_all(self, requests: Sequence[EnqueueRequest]) -> list[Receipt]:
        """Perform one after the other."""
        return [self._enqueue_softly(request) for request in requests]

    def stopping(self, job: object = None) -> bool:
        """Never: there is no worker."""
        return False

    def close(self, timeout: float) -> int:
        """Nothing is outstanding."""
        return 0

    def _enqueue_softly(self, request: EnqueueRequest) -> Receipt:
        try:
            return self.enqueue(request)
        except EnqueueError as refusal:
            return Receipt(refusal=refusal)
