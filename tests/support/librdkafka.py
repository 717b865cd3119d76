"""What librdkafka offers to tests and its Python binding does not pass on."""

from __future__ import annotations

import ctypes
from pathlib import Path

import confluent_kafka
import pytest

#: Where a client object keeps the address of librdkafka's own: behind Python's two words.
_ADDRESS_AT = 2 * ctypes.sizeof(ctypes.c_void_p)
_OUT_OF_ORDER_SEQUENCE_NUMBER = 45
#: What comes next among the arguments of `rd_kafka_producev`, and that it copies the value.
_END, _TOPIC, _VALUE, _MSGFLAGS, _HEADERS, _COPY = 0, 1, 4, 7, 10, 2


def fail_for_good(client: object) -> None:
    """Let a client meet a fatal error, as when broker and producer no longer agree on what was
    stored.
    """
    library, address = _library(), _address(client)
    library.rd_kafka_test_fatal_error.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p]
    library.rd_kafka_test_fatal_error(address, _OUT_OF_ORDER_SEQUENCE_NUMBER, b"a test")


def produce_with_header(client: object, topic: str, value: bytes, name: bytes) -> None:
    """Let a producer send a record with a header of this name, which need not be text."""
    library, address = _library(), _address(client)
    library.rd_kafka_headers_new.restype = ctypes.c_void_p
    headers = ctypes.c_void_p(library.rd_kafka_headers_new(1))
    size = ctypes.c_ssize_t
    library.rd_kafka_header_add(headers, name, size(len(name)), b"1", size(1))
    told = (
        *(ctypes.c_int(_TOPIC), ctypes.c_char_p(topic.encode())),
        *(ctypes.c_int(_VALUE), ctypes.c_char_p(value), ctypes.c_size_t(len(value))),
        *(ctypes.c_int(_MSGFLAGS), ctypes.c_int(_COPY)),
        *(ctypes.c_int(_HEADERS), headers),
    )
    assert library.rd_kafka_producev(address, *told, ctypes.c_int(_END)) == 0


def _library() -> ctypes.CDLL:
    package = Path(confluent_kafka.__file__).parent
    bundled = list(package.parent.glob("confluent_kafka.libs/librdkafka-*"))
    if not bundled:
        pytest.skip("confluent-kafka brings no librdkafka of its own here")
    return ctypes.CDLL(str(bundled[0]))


def _address(client: object) -> ctypes.c_void_p:
    return ctypes.c_void_p.from_address(id(client) + _ADDRESS_AT)
