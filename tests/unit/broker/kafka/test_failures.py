"""What librdkafka says becomes an error of ours that says what to do."""

from __future__ import annotations

import pytest
from confluent_kafka import KafkaError

from samovar.broker.kafka import failures
from samovar.errors import RefusedError


@pytest.mark.parametrize("code", [KafkaError.UNSUPPORTED_ASSIGNOR, KafkaError.UNSUPPORTED_VERSION])
def test_a_fatal_error_that_no_other_try_can_mend_is_told_apart(code: int) -> None:
    fatal = KafkaError(KafkaError._FATAL, f"Fatal error: {KafkaError(code).str()}: so be it")

    error = failures.translated(fatal, "Polling")

    assert isinstance(error, RefusedError)
    assert KafkaError(code).str() in str(error)
