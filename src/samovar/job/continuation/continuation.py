"""class Continuation: how far a job in steps has come, and whether its next step may begin."""

from __future__ import annotations

import inspect
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from samovar import events
from samovar.errors import Interrupt, InvalidStepError
from samovar.job import runtime
from samovar.job.continuation import progress
from samovar.job.continuation.functions import Body
from samovar.job.continuation.pending import PendingStep
from samovar.job.continuation.step import Step
from samovar.job.state import JobState


class Continuation:
    """The progress of one job, kept from run to run, and what happened in this run."""

    def __init__(self, job: JobState, made: Any = None) -> None:
        """`made` is the progress of the runs before, as `to_wire` gave it.

        Raises:
            DeserializationError: it cannot be read, or its cursor not be rebuilt.
        """
        self._job = job
        #: Names of the steps that are done, in their order.
        self.completed: list[str] = []
        #: The step that was begun and is not done.
        self.current: Step | None = None
        #: Whether this run made progress: a step is done, or a cursor moved.
        self.advanced = False
        #: Names of the steps that this run came by.
        self._met: list[str] = []
        self._is_running = False
        #: Whether an isolated step was met in this run: the next one is another run's.
        self._is_isolating = False
        #: A coroutine step that nobody awaited yet.
        self._awaiting: PendingStep | None = None
        if made is not None:
            self.completed, current = progress.read(made)
            if current is not None:
                self.current = self._step(*current, resumed=True)

    @property
    def started(self) -> bool:
        """Whether there is something to go on from."""
        return bool(self.completed) or self.current is not None

    @property
    def description(self) -> str:
        """How far it came, in words: ``after 'validate'``."""
        if self.current is not None:
            return self.current.description
        return f"after '{self.completed[-1]}'" if self.completed else "not started"

    @property
    def event_fields(self) -> dict[str, Any]:
        """Its fields in an event."""
        return {
            "description": self.description,
            "completed_steps": list(self.completed),
            "current_step": self.current,
        }

    def to_wire(self) -> dict[str, Any]:
        """The progress as it stands in the job hash.

        Raises:
            SerializationError: the cursor has no form on the wire.
        """
        made: dict[str, Any] = {"completed": list(self.completed)}
        if self.current is not None:
            made["current"] = self.current.to_wire()
        return made

    def begin(self) -> None:
        """A run begins; of the runs before, only the progress counts."""
        self.advanced = self._is_running = self._is_isolating = False
        self._met.clear()
        self._awaiting = None
        if self.current is not None:
            self.current = self._step(self.current.name, self.current.cursor, resumed=True)

    def finish(self) -> None:
        """A run ended well.

        Raises:
            InvalidStepError: a coroutine step was never awaited, or not to its end.
        """
        self._check_awaited()
        if self._is_running and self.current is not None:
            raise InvalidStepError(
                f"The step {self.current.name!r} still runs when the job has ended: "
                f"await it in perform."
            )

    def run(self, name: str, body: Body, *, start: Any, isolated: bool) -> None:
        """Run a step, unless it is done already.

        Raises:
            InvalidStepError: it may not come here.
            Interrupt: the job shall stop before it, or in it.
        """
        if self._may_begin(name, start, isolated):
            with self._running() as step:
                result = body(step)
                if inspect.iscoroutine(result):
                    result.close()
                    raise InvalidStepError(
                        f"The step {name!r} gave a coroutine, but is no coroutine function: "
                        f"define it with async def."
                    )

    def pending(self, name: str, body: Body, *, start: Any, isolated: bool) -> PendingStep:
        """The same for a coroutine step, once it is awaited."""
        self._check_awaited()

        async def run() -> None:
            self._awaiting = None
            if self._may_begin(name, start, isolated):
                with self._running() as step:
                    await body(step)

        self._awaiting = PendingStep(name, run)
        return self._awaiting

    def checkpoint(self) -> None:
        """Stop here if the adapter says so.

        Raises:
            Interrupt: it does.
        """
        reason = self._adapter().stopping(self._job)
        if reason:
            self._interrupt("stopping" if reason is True else reason)

    def announce(self, name: str, **payload: Any) -> None:
        """Announce an event of the job."""
        if name in events.heard:
            events.announce(name, job=self._job, adapter=self._adapter(), **payload)

    def _interrupt(self, reason: object) -> None:
        self.announce("interrupt.active_job", reason=reason, **self.event_fields)
        raise Interrupt(f"Interrupted {self.description} ({reason})")

    def _may_begin(self, name: str, start: Any, isolated: bool) -> bool:
        """Whether the step is still to be done; then it is the current one."""
        self._check_awaited()
        if self.advanced:
            self.checkpoint()
        self._check(name)
        self._met.append(name)
        if name in self.completed:
            self.announce("step_skipped.active_job", step=name)
            return False
        self._is_isolating = self._is_isolating or isolated
        if self._is_isolating and self.advanced:
            self._interrupt("isolating")
        if self.current is None:
            self.current = self._step(name, start, resumed=False)
        return True

    @contextmanager
    def _running(self) -> Generator[Step, None, None]:
        step = self.current
        assert step is not None
        self._is_running = True
        try:
            with events.instrument(
                "step.active_job",
                job=self._job,
                adapter=self._adapter(),
                step=step,
                interrupted=False,
            ) as payload:
                self.announce("step_started.active_job", step=step)
                try:
                    yield step
                except Interrupt:
                    payload["interrupted"] = True
                    raise
            self.completed.append(step.name)
            self.current = None
            self.advanced = True
        finally:
            self._is_running = False
            self.advanced = self.advanced or step.advanced

    def _check(self, name: str) -> None:
        if name in self._met:
            raise InvalidStepError(
                f"The step {name!r} was already met in this run; each step needs its own name."
            )
        current = self.current
        if current is not None and self._is_running:
            raise InvalidStepError(f"The step {name!r} is nested inside the step {current.name!r}.")
        if current is not None and name != current.name and name not in self.completed:
            raise InvalidStepError(
                f"Met the step {name!r}, expected to resume from {current.name!r}, which an "
                f"earlier run began: steps may not change places while jobs are on their way."
            )
        expected = self.completed[len(self._met) : len(self._met) + 1]
        if expected and name != expected[0]:
            raise InvalidStepError(
                f"Met the step {name!r}, expected to see {expected[0]!r}, which an earlier run "
                f"completed: steps may not change places while jobs are on their way."
            )

    def _check_awaited(self) -> None:
        if self._awaiting is not None:
            name = self._awaiting.name
            raise InvalidStepError(
                f"The step {name!r} was never awaited: it is a coroutine, so say "
                f"`await self.step(...)`, or `await {name}` after its definition."
            )

    def _step(self, name: str, cursor: Any, *, resumed: bool) -> Step:
        return Step(name, cursor, resumed=resumed, checkpoint=self.checkpoint)

    def _adapter(self) -> Any:
        return runtime.adapter_for(type(self._job).queue_adapter)
