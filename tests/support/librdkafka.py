"""What librdkafka offers to tests and its Python binding does not pass on."""

from __future__ import annotations

import ctypes
from pathlib import Path

import confluent_kafka
import pytest

#: Where a client object keeps the address of librdkafka's own: behind Python's two words.
_ADDRESS_AT = 2 * ctypes.sizeof(ctypes.c_void_p)
_OUT_OF_ORDER_SEQUENCE_NUMBER = 45


def fail_for_good(client: object) -> None:
    """Let a client meet a fatal error, as when broker and producer no longer agree on what was
    stored.
    """
    package = Path(confluent_kafka.__file__).parent
    bundled = list(package.parent.glob("confluent_kafka.libs/librdkafka-*"))
    if not bundled:
        pytest.skip("confluent-kafka brings no librdkafka of its own here")
    library = ctypes.CDLL(str(bundled[0]))
    address = ctypes.c_void_p.from_address(id(client) + _ADDRESS_AT)
    library.rd_kafka_test_fatal_error.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p]
    library.rd_kafka_test_fatal_error(address, _OUT_OF_ORDER_SEQUENCE_NUMBER, b"a test")
