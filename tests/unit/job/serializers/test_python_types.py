"""Types that only Python has: whole on the way to Python, refused on the way to Ruby."""

from __future__ import annotations

import enum
import uuid
from collections.abc import Iterator
from dataclasses import InitVar, dataclass, field
from datetime import UTC, datetime, time, timedelta, timezone
from decimal import Decimal
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pytest

from samovar import Job, register_class
from samovar.errors import DeserializationError, SerializationError
from samovar.job.arguments import deserialize, serialize
from tests.support.applications import application

UUID = uuid.UUID("12345678-1234-4234-8234-123456789abc")
PYTHON = "Samovar::Serializers::"


@register_class
class Colour(enum.Enum):
    RED = "r"
    GREEN = (0, 255)


@register_class
class Level(enum.IntEnum):
    LOW = 1


@register_class
class Rights(enum.Flag):
    READ = enum.auto()
    WRITE = enum.auto()


@register_class
@dataclass
class Address:
    street: str
    tags: set[str]
    #: Set when it is made; sent, and not worked out again.
    length: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self.length = len(self.street)


@register_class
@dataclass(frozen=True)
class Price:
    cents: int
    scale: InitVar[int] = 1
    note: str = field(init=False)
    changed: str = field(init=False, default="no")

    def __post_init__(self, scale: int) -> None:
        object.__setattr__(self, "cents", self.cents * 100 * scale)


@register_class
@dataclass(init=False)
class OwnInit:
    word: str

    def __init__(self, first: str, second: str) -> None:
        self.word = first + second


@register_class
@dataclass
class FailureOf(Exception):
    code: int


@register_class
@dataclass
class NotAllFields:
    x: int

    def __post_init__(self) -> None:
        self.double = self.x * 2

    @cached_property
    def triple(self) -> int:
        return self.x * 3


@register_class
@dataclass
class IsDictToo(dict[str, int]):
    x: int = 1


@register_class
class Point(NamedTuple):
    x: Decimal
    y: Decimal = Decimal(0)


VALUES = [
    (),
    (1, ("a", [None])),
    {3, 1, 2},
    {"b", "a", (1, 2), frozenset({1})},
    frozenset(),
    b"",
    b"\x00\xff",
    UUID,
    Path("a/b c"),
    time(1, 2, 3, 4),
    time(1, 2, tzinfo=timezone(timedelta(hours=2))),
    Colour.RED,
    Colour.GREEN,
    Level.LOW,
    Rights.READ,
    Rights.READ | Rights.WRITE,
    Rights(0),
    Address("Elm Street", {"x"}),
    Point(Decimal("1.5")),
    [{"deep": (Colour.RED, {"at": datetime(2026, 1, 1, tzinfo=UTC)})}],
]


@pytest.fixture(autouse=True)
def _application() -> Iterator[None]:
    with application(queue_adapter="inline"):
        yield


def type_name(value: Any) -> str:
    return type(value).__name__


def again(value: Any) -> Any:
    return deserialize(serialize([value], {}))[0][0]


@pytest.mark.parametrize("value", VALUES, ids=type_name)
def test_they_come_back_with_their_type(value: Any) -> None:
    assert (type(again(value)), again(value)) == (type(value), value)


def test_a_dataclass_is_restored_field_by_field() -> None:
    price = Price(5, 2)
    object.__setattr__(price, "changed", "later")

    restored = again(price)

    assert (restored.cents, restored.changed) == (1000, "later")
    assert not hasattr(restored, "note")
    assert again(OwnInit("a", "b")) == OwnInit("a", "b")
    assert again(FailureOf(7)).code == 7


def test_a_cached_property_is_left_out_and_worked_out_again() -> None:
    value = NotAllFields.__new__(NotAllFields)
    value.x = 2
    assert value.triple == 6

    assert again(value).triple == 6


@pytest.mark.parametrize(
    ("value", "words"), [(NotAllFields(1), "'double'"), (IsDictToo(), "dict too")]
)
def test_a_dataclass_that_is_more_than_its_fields_is_refused(value: Any, words: str) -> None:
    with pytest.raises(SerializationError, match=rf"arguments\[0\].*{words}"):
        again(value)


@pytest.mark.parametrize(
    ("fields", "words"),
    [({"street": "x", "gone": 1, "tags": []}, "no field 'gone'"), ({"tags": []}, "'street'")],
)
def test_fields_of_another_time_say_so(fields: dict[str, Any], words: str) -> None:
    form = {"_aj_serialized": PYTHON + "DataclassSerializer", "class": "Address", "fields": fields}
    with pytest.raises(DeserializationError, match=words):
        deserialize([form])


def test_the_same_set_is_the_same_payload() -> None:
    assert serialize([{"b", "a", "c"}], {}) == [
        {"_aj_serialized": PYTHON + "SetSerializer", "items": ["a", "b", "c"]}
    ]


class Unnamed(enum.Enum):
    ONE = 1


class TextEnum(str, enum.Enum):  # noqa: UP042 -- this is what it must not be taken for
    ONE = "one"


@dataclass
class UnnamedData:
    number: int


class UnnamedPair(NamedTuple):
    number: int


@pytest.mark.parametrize("value", [Unnamed.ONE, TextEnum.ONE, UnnamedData(1), UnnamedPair(1)])
def test_values_of_a_class_without_a_name_are_refused(value: Any) -> None:
    name = type(value).__qualname__

    with pytest.raises(SerializationError, match=rf"arguments\[0\] is of .*{name}.*register_class"):
        serialize([value], {})


def test_a_time_of_day_in_a_zone_with_changing_hours_is_refused() -> None:
    with pytest.raises(SerializationError, match="offset depends on the day"):
        serialize([time(1, tzinfo=ZoneInfo("Europe/Berlin"))], {})


def test_a_path_of_another_system_is_refused() -> None:
    with pytest.raises(SerializationError, match="Unsupported argument type"):
        serialize([PurePosixPath("x")], {})


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("EnumSerializer", {"class": "Colour", "member": "BLUE"}),
        ("EnumSerializer", {"class": "Address", "member": "street"}),
        ("EnumSerializer", {"class": "os.Enum", "member": "x"}),
        ("EnumSerializer", {"class": "Rights", "flags": "x"}),
        ("DataclassSerializer", {"class": "Colour", "fields": {}}),
        ("DataclassSerializer", {"class": "Address", "fields": {"street": "x", "number": 2}}),
        ("DataclassSerializer", {"class": "Address", "fields": 3}),
        ("NamedTupleSerializer", {"class": "PythonTypesJob", "fields": {}}),
        ("TupleSerializer", {"items": "abc"}),
        ("SetSerializer", {"items": [[1]]}),
        ("BytesSerializer", {"value": "no base64!"}),
        ("UUIDSerializer", {"value": "1234"}),
        ("TimeOfDaySerializer", {"value": "25:00"}),
        ("PathSerializer", {"value": 1}),
    ],
)
def test_what_cannot_be_rebuilt_is_a_deserialization_error(
    name: str, fields: dict[str, Any]
) -> None:
    with pytest.raises(DeserializationError):
        deserialize([{"_aj_serialized": PYTHON + name, **fields}])


class PythonTypesJob(Job):
    queue_as = "shared"

    def perform(self, *args: Any) -> Any:
        return args


class TestQueuesOfRuby:
    @pytest.mark.parametrize("value", VALUES[:-1], ids=type_name)
    def test_what_ruby_cannot_read_is_refused_there(self, value: Any) -> None:
        with (
            application(queue_adapter="inline", ruby_queues=["shared"]),
            pytest.raises(SerializationError, match=r"arguments\[0\]\[0\] has a form that only"),
        ):
            serialize([[value]], {}, "shared")

    def test_other_queues_take_it(self) -> None:
        with application(queue_adapter="inline", ruby_queues=["shared"]):
            assert serialize([UUID], {}, "mine")

    def test_a_star_is_every_queue(self) -> None:
        with (
            application(queue_adapter="inline", ruby_queues=["*"]),
            pytest.raises(SerializationError, match="Ruby performs jobs of the queue 'mine' too"),
        ):
            serialize([], {"id": UUID}, "mine")

    def test_queues_are_named_as_in_code(self) -> None:
        names = {"ruby_queues": ["shared"], "queue_name_prefix": "shop"}
        with application(queue_adapter="inline", **names) as app:
            assert app.job_settings.is_shared_with_ruby("shop_shared")
            assert not app.job_settings.is_shared_with_ruby("shared")

    def test_what_ruby_reads_passes(self) -> None:
        with application(queue_adapter="inline", ruby_queues=["*"]):
            assert serialize([Decimal(1), timedelta(1), range(2), PythonTypesJob], {}, "shared")


class TestSettings:
    def test_a_portable_tuple_is_a_list_and_a_portable_uuid_text(self) -> None:
        with application(queue_adapter="inline", portable_arguments=True, ruby_queues=["*"]):
            assert serialize([(1, (UUID,))], {}, "shared") == [[1, [str(UUID)]]]

    def test_a_datetime_without_zone_is_refused(self) -> None:
        with pytest.raises(SerializationError, match=r"arguments\[0\] has no time zone.*naive_dat"):
            serialize([datetime(2026, 1, 1)], {})

    def test_a_datetime_without_zone_may_be_in_utc(self) -> None:
        with application(queue_adapter="inline", naive_datetimes="utc"):
            assert again(datetime(2026, 1, 1)) == datetime(2026, 1, 1, tzinfo=UTC)
