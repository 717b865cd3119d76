"""Callbacks: what a job class does before, after and around enqueuing and performing.

They nest in the order of their declaration, as layers: each later one lies inside the earlier.
*Before* code runs on the way in, *after* code on the way out; an *around* is a generator that
yields once, where everything inside it happens. Subclasses add to what their parents declared.
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal, Protocol, TypeVar, overload

from samovar.errors import Abort, ArgumentError
from samovar.support.asyncs import Door

Kind = Literal["before", "around", "after"]
Verb = Literal["enqueue", "perform"]
F = TypeVar("F", bound=Callable[..., Any])
#: A function of the job, the name of one of its methods, or several of these.
Condition = Callable[[Any], object] | str
Conditions = Condition | Iterable[Condition]

#: Where a decorated method keeps what was declared on it.
_MARK = "_samovar_callbacks"
#: Where a class keeps callbacks that were added from outside.
_ADDED = "_samovar_added_callbacks"


class _Halted:
    """The type of `HALTED`."""

    def __bool__(self) -> bool:
        return False


#: What `run` gives when a before callback halted the chain.
HALTED = _Halted()


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """One declared callback."""

    kind: Kind
    verb: Verb
    #: A method's name, looked up on the job, or a function that takes the job.
    target: str | Callable[[Any], Any]
    when: tuple[Condition, ...] = ()
    unless: tuple[Condition, ...] = ()
    #: Whether it goes outside of everything declared so far.
    prepend: bool = False

    def applies(self, job: Any) -> bool:
        """Whether the job meets its conditions."""
        return all(_ask(job, condition) for condition in self.when) and not any(
            _ask(job, condition) for condition in self.unless
        )

    def call(self, job: Any) -> Any:
        """Call it; for an around, its generator."""
        return getattr(job, self.target)() if isinstance(self.target, str) else self.target(job)

    def replaces(self, other: Callback) -> bool:
        """Whether it is the same one, declared again."""
        return (self.kind, self.verb, self.target) == (other.kind, other.verb, other.target)


class Declaration:
    """`before_perform` and its five kin: decorators of methods, in the class's body."""

    def __init__(self, kind: Kind, verb: Verb) -> None:
        self._kind: Kind = kind
        self._verb: Verb = verb

    @overload
    def __call__(self, method: F, /) -> F: ...
    @overload
    def __call__(
        self,
        method: None = None,
        /,
        *,
        when: Conditions = (),
        unless: Conditions = (),
        prepend: bool = False,
    ) -> Callable[[F], F]: ...
    def __call__(self, method: Any = None, /, **options: Any) -> Any:
        if method is None:
            return partial(self._mark, **options)
        return self._mark(method, **options)

    def _mark(self, method: Any, **options: Any) -> Any:
        callback = make(self._kind, self._verb, method, **options)
        marks: list[Callback] = method.__dict__.setdefault(_MARK, [])
        marks.insert(0, callback)  # decorators run from the bottom up
        return method


class Add(Protocol):
    """What `ProcessPaymentJob.before_perform` is: called with a function, or with options first."""

    @overload
    def __call__(
        self,
        function: F,
        /,
        *,
        when: Conditions = (),
        unless: Conditions = (),
        prepend: bool = False,
    ) -> F: ...
    @overload
    def __call__(
        self,
        function: None = None,
        /,
        *,
        when: Conditions = (),
        unless: Conditions = (),
        prepend: bool = False,
    ) -> Callable[[F], F]: ...


class Adder:
    """`ProcessPaymentJob.before_perform(fn)`: a callback from outside; `fn` takes the job."""

    def __init__(self, kind: Kind, verb: Verb) -> None:
        self._kind: Kind = kind
        self._verb: Verb = verb

    def __get__(self, instance: object, owner: type) -> Add:
        return partial(self._add, owner)

    def _add(self, owner: type, function: Any = None, /, **options: Any) -> Any:
        if function is None:
            return partial(self._add, owner, **options)
        callback = make(self._kind, self._verb, function, **options)
        if _ADDED not in owner.__dict__:
            setattr(owner, _ADDED, [])
        owner.__dict__[_ADDED].append(callback)
        settle(owner)
        return function


before_enqueue = Declaration("before", "enqueue")
around_enqueue = Declaration("around", "enqueue")
after_enqueue = Declaration("after", "enqueue")
before_perform = Declaration("before", "perform")
around_perform = Declaration("around", "perform")
after_perform = Declaration("after", "perform")


def make(
    kind: Kind,
    verb: Verb,
    function: Callable[..., Any],
    *,
    when: Conditions = (),
    unless: Conditions = (),
    prepend: bool = False,
) -> Callback:
    """A callback, checked.

    Raises:
        ArgumentError: the function is none, or is an around that does not yield.
    """
    if not callable(function):
        raise ArgumentError(f"{kind}_{verb} takes a function, found {function!r}.")
    yields = inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function)
    if kind == "around" and not yields:
        raise ArgumentError(
            f"around_{verb}: {_name(function)} must be a generator function: it yields once, "
            f"where the {verb} takes place."
        )
    if kind != "around" and yields:
        raise ArgumentError(
            f"{kind}_{verb}: {_name(function)} yields; declare it with around_{verb}."
        )
    return Callback(
        kind=kind,
        verb=verb,
        target=function,
        when=_conditions(when),
        unless=_conditions(unless),
        prepend=prepend,
    )


def settle(cls: type) -> None:
    """Work out the chains of a class and of all its subclasses, from what they declare."""
    chains: dict[str, list[Callback]] = {"enqueue": [], "perform": []}
    for callback in _declared(cls):
        chain = chains[callback.verb]
        chain[:] = [other for other in chain if not callback.replaces(other)]
        chain.insert(0 if callback.prepend else len(chain), callback)
    cls.enqueue_callbacks = tuple(chains["enqueue"])  # type: ignore[attr-defined]
    cls.perform_callbacks = tuple(chains["perform"])  # type: ignore[attr-defined]
    for child in cls.__subclasses__():
        settle(child)


async def run(
    job: Any, chain: tuple[Callback, ...], action: Callable[[], Awaitable[Any]], door: Door
) -> Any:
    """Run the action inside the chain.

    Returns the action's value; HALTED when a before callback raised `Abort`; None when an around
    never yielded. An exception of the action passes through the arounds; afters are left out.
    """
    entered: list[_Layer] = []
    result: Any = None
    try:
        for callback in chain:
            if callback.kind == "after":
                entered.append(_After(callback, job))
                continue
            if not callback.applies(job):
                continue
            if callback.kind == "before":
                try:
                    await door.settle(callback.call(job))
                except Abort:
                    result = HALTED
                    break
            else:
                around = _Around(callback, job, door)
                if not await around.enter():
                    break
                entered.append(around)
        else:
            result = await action()
    except BaseException as error:
        return await _leave(entered, None, error, door)
    return await _leave(entered, result, None, door)


async def _leave(
    entered: list[_Layer], result: Any, error: BaseException | None, door: Door
) -> Any:
    """Go out through the layers; each may replace, raise or swallow the error."""
    for layer in reversed(entered):
        try:
            if error is not None:
                if await layer.failed(error, door):
                    error = None
                    result = None
            else:
                await layer.left(result, door)
        except BaseException as raised:
            error = raised
    if error is not None:
        raise error
    return result


class _Layer:
    """What has something to do on the way out."""

    async def left(self, result: Any, door: Door) -> None:
        """The inside ended, with this result."""
        raise NotImplementedError

    async def failed(self, error: BaseException, door: Door) -> bool:
        """The inside raised this error; whether it ends here."""
        return False


class _After(_Layer):
    def __init__(self, callback: Callback, job: Any) -> None:
        self._callback = callback
        self._job = job

    async def left(self, result: Any, door: Door) -> None:
        # Its conditions may ask what came of the action.
        if result is not HALTED and self._callback.applies(self._job):
            await door.settle(self._callback.call(self._job))


class _Around(_Layer):
    def __init__(self, callback: Callback, job: Any, door: Door) -> None:
        self._callback = callback
        self._job = job
        self._door = door
        self._generator: Generator[Any, Any, Any] | AsyncGenerator[Any, Any] = callback.call(job)

    async def enter(self) -> bool:
        """Run up to the yield; False when there is none on its way."""
        return not await self._advance("send", None)

    async def left(self, result: Any, door: Door) -> None:
        if not await self._advance("send", False if result is HALTED else result):
            raise self._yielded_twice()

    async def failed(self, error: BaseException, door: Door) -> bool:
        if not await self._advance("throw", error):
            raise self._yielded_twice() from error
        return True

    async def _advance(self, move: Literal["send", "throw"], value: Any) -> bool:
        """Go on to the next yield; True when the generator ended instead."""
        generator = self._generator
        if isinstance(generator, AsyncGenerator):
            step = generator.asend(value) if move == "send" else generator.athrow(value)
            try:
                await self._door.settle(step)
            except StopAsyncIteration:
                return True
            return False
        try:
            generator.send(value) if move == "send" else generator.throw(value)
        except StopIteration:  # a job's own StopAsyncIteration passes through a plain generator
            return True
        return False

    def _yielded_twice(self) -> RuntimeError:
        target = self._callback.target
        name = target if isinstance(target, str) else _name(target)
        return RuntimeError(f"around_{self._callback.verb}: {name} yielded more than once.")


def _declared(cls: type) -> Iterator[Callback]:
    """Every declaration, from the farthest parent to the class itself."""
    for parent in reversed(cls.__mro__):
        for name, value in tuple(parent.__dict__.items()):
            for mark in getattr(value, "__dict__", {}).get(_MARK, ()):
                make(mark.kind, mark.verb, getattr(cls, name))  # a subclass may have overridden it
                yield replace(mark, target=name)
        yield from parent.__dict__.get(_ADDED, ())


def _ask(job: Any, condition: Condition) -> object:
    return getattr(job, condition)() if isinstance(condition, str) else condition(job)


def _conditions(given: Conditions) -> tuple[Condition, ...]:
    return (given,) if isinstance(given, str) or callable(given) else tuple(given)


def _name(function: Any) -> str:
    return getattr(function, "__qualname__", repr(function))
