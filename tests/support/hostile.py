"""Records that a worker should never meet, of fifty kinds and more: malformed, meant to harm."""

from __future__ import annotations

import json
import pickle
import random
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from samovar.broker.port import Headers

#: Makes a payload; the source of chance makes each one different.
Kind = Callable[[random.Random], bytes | None]


def job(**changes: Any) -> dict[str, Any]:
    """A whole job hash of `EnduringJob`, with these changes."""
    return {
        "job_class": "EnduringJob",
        "job_id": "0b6e8e3c-6c7f-4a53-8d0e-1f6f6a3d9e10",
        "provider_job_id": None,
        "queue_name": "default",
        "priority": None,
        "arguments": [],
        "executions": 0,
        "exception_executions": {},
        "locale": "en",
        "timezone": "UTC",
        "enqueued_at": "2026-11-24T15:00:00.000000000Z",
        "scheduled_at": None,
        **changes,
    }


def _encoded(**changes: Any) -> bytes:
    return json.dumps(job(**changes)).encode()


def _said(*values: Any, **changes: Any) -> bytes:
    return _encoded(arguments=list(values), **changes)


class _Exploding:
    def __reduce__(self) -> Any:
        return eval, ("1/0",)


_WRONG: tuple[Any, ...] = (None, True, -1, 1.5, 10**30, "", "x", "\x00", [], [1], {}, {"a": 1})

#: Bytes that are no job at all.
BYTES: Mapping[str, Kind] = {
    "tombstone": lambda r: None,
    "nothing": lambda r: b"",
    "noise": lambda r: r.randbytes(r.randrange(1, 300)),
    "zeros": lambda r: bytes(r.randrange(1, 300)),
    "a torn job": lambda r: _encoded()[: r.randrange(1, 200)],
    "no UTF-8": lambda r: b'{"job_class": "\xff\xfe%d"}' % r.randrange(99),
    "overlong UTF-8": lambda r: b'{"job_class": "\xc0\xaf\xe0\x80\xaf"}',
    "a raw control character": lambda r: b'{"job_class": "a\x01b\nc"}',
    "a byte order mark": lambda r: b"\xef\xbb\xbf" + _encoded(),
    "UTF-16": lambda r: json.dumps(job()).encode("utf-16"),
    "garbage behind": lambda r: _encoded() + b"}" * r.randrange(1, 50),
    "two documents": lambda r: _encoded() + b"\n" + _encoded(),
    "single quotes": lambda r: repr(job()).encode(),
    "a pickle": lambda r: pickle.dumps(_Exploding()),
    "Ruby's Marshal": lambda r: b"\x04\bo:\x0bObject\x00" + r.randbytes(20),
    "YAML": lambda r: b"!!python/object/apply:os.system ['true']",
    "a list": lambda r: b"[1, 2]",
    "a number": lambda r: b"%d" % r.randrange(10**9),
    "a text": lambda r: b'"EnduringJob"',
    "null": lambda r: b"null",
    "true": lambda r: b"true",
    "not a number": lambda r: b'{"job_class": NaN, "priority": -Infinity}',
    "an endless number": lambda r: b'{"priority": ' + b"9" * r.randrange(5_000, 20_000) + b"}",
    "a huge exponent": lambda r: b'{"job_class": 1e999999999}',
    "deep lists": lambda r: b"[" * r.randrange(1_000, 20_000),
    "deep lists that close": lambda r: b"[" * 20_000 + b"]" * 20_000,
    "deep objects": lambda r: b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
    "a huge text": lambda r: b'{"job_class": "' + b"x" * r.randrange(1_000, 50_000) + b'"}',
}

#: Objects that name no job that is known.
STRANGERS: Mapping[str, Kind] = {
    "an empty object": lambda r: b"{}",
    "an unknown class": lambda r: _encoded(job_class=f"Nobody{r.randrange(999)}"),
    "a class without a name": lambda r: _encoded(job_class=""),
    "a path": lambda r: _encoded(job_class="../../etc/passwd"),
    "a module": lambda r: _encoded(job_class=r.choice(["os.system", "builtins.exec", "sys"])),
    "code": lambda r: _encoded(job_class="__import__('os').abort()"),
    "Job itself": lambda r: _encoded(job_class=r.choice(["Job", "samovar.Job", "object"])),
    "a lone surrogate": lambda r: b'{"job_class": "\\ud800", "arguments": ["\\udfff"]}',
    "another script": lambda r: _encoded(job_class="ЕnduringJob"),  # noqa: RUF001 -- that is it
    "a key twice": lambda r: b'{"job_class": "EnduringJob", "job_class": 7}',
    "a terminal's commands": lambda r: _encoded(job_class="\x1b]0;owned\x07\x1b[2J"),
    "a log line": lambda r: _encoded(job_class="x\nERROR forged", job_id="\r\n\r\n"),
    "a format string": lambda r: _encoded(job_class="%s%n%(x)d{0.__class__}"),
}

#: A known job whose hash is wrong in one of its twelve keys.
WRONG_KEYS: Mapping[str, Kind] = {
    f"a wrong {key}": lambda r, key=key: _encoded(**{key: r.choice(_WRONG)}) for key in job()
}

#: A known job whose arguments cannot be rebuilt, or do not fit.
ARGUMENTS: Mapping[str, Kind] = {
    "an unknown serializer": lambda r: _said({"_aj_serialized": "Nobody::Knows", "value": 1}),
    "a serializer of a wrong type": lambda r: _said({"_aj_serialized": r.choice(_WRONG)}),
    "a serialized nothing": lambda r: _said(
        {"_aj_serialized": "ActiveJob::Serializers::TimeSerializer"}
    ),
    "a wrong date": lambda r: _said(
        {"_aj_serialized": "ActiveJob::Serializers::DateSerializer", "value": "2026-13-99"}
    ),
    "a decimal that explodes": lambda r: _said(
        {"_aj_serialized": "ActiveJob::Serializers::BigDecimalSerializer", "value": "1e999999999"}
    ),
    "a duration in circles": lambda r: _said(
        {"_aj_serialized": "ActiveJob::Serializers::DurationSerializer", "value": 1, "parts": {}}
    ),
    "a module by name": lambda r: _said(
        {"_aj_serialized": "ActiveJob::Serializers::ModuleSerializer", "value": "os"}
    ),
    "a strange record": lambda r: _said({"_aj_globalid": f"gid://x/Nobody/{r.randrange(99)}"}),
    "no record": lambda r: _said({"_aj_globalid": r.choice(_WRONG)}),
    "wrong symbol keys": lambda r: _said({"a": 1, "_aj_symbol_keys": r.choice(_WRONG)}),
    "wrong keywords": lambda r: _said({"a": 1, "_aj_ruby2_keywords": ["b", 7]}),
    "too many arguments": lambda r: _said(*range(r.randrange(1, 50))),
    "strange keywords": lambda r: _said({"self": 1, "_aj_ruby2_keywords": ["self"]}),
    "a reserved key": lambda r: _said({"_aj_" + r.choice("abc"): 1}),
    "deep arguments": lambda r: (
        b'{"job_class": "EnduringJob", "arguments": %b}' % (b"[" * 2_000 + b"]" * 2_000)
    ),
    "deep arguments that JSON allows": lambda r: _said(json.loads("[" * 200 + "]" * 200)),
    "a strange attribute": lambda r: _encoded(cattr_0={"user": 1}, cattr_1=r.choice(_WRONG)),
    "a strange continuation": lambda r: _encoded(continuation=r.choice(_WRONG), resumptions=-1),
}

KINDS: Mapping[str, Kind] = {**BYTES, **STRANGERS, **WRONG_KEYS, **ARGUMENTS}


def hostile(count: int, seed: int = 7) -> Iterator[tuple[bytes | None, Headers]]:
    """So many payloads, each kind in turn, some with headers as bad as they are."""
    chance = random.Random(seed)
    kinds = list(KINDS.values())
    for number in range(count):
        yield kinds[number % len(kinds)](chance), _headers(chance)


def _headers(chance: random.Random) -> Headers:
    if chance.randrange(4):
        return ()
    return (
        ("source_topic", chance.randbytes(5)),
        ("source_topic", b"\xff\x00"),
        ("", b""),
        ("ключ", b"x" * chance.randrange(200)),
    )
