"""What decides about an error reads past what its class makes of attributes and truth."""

from __future__ import annotations

import pytest

from samovar.support import raised
from tests.jobs.hostile_errors import HOSTILE


@pytest.mark.parametrize("kind", HOSTILE)
def test_class_and_cause_of_any_error_can_be_read(kind: str) -> None:
    error = HOSTILE[kind]()
    reason = OSError()
    try:
        raise error from reason
    except BaseException:
        assert raised.is_a(error, (ValueError, type(error)))
        assert not raised.is_a(error, (OSError, SystemExit))
        assert raised.explicit_cause(error) is raised.cause(error) is reason
        assert raised.traceback(error) is not None


def test_a_cause_is_what_was_handled_unless_that_was_ruled_out() -> None:
    reason, error, other = OSError(), ValueError(), TypeError()
    try:
        raise reason
    except OSError:
        try:
            raise error
        except ValueError:
            pass
        try:
            raise other from None
        except TypeError:
            pass

    assert raised.cause(error) is reason
    assert raised.explicit_cause(error) is None
    assert raised.cause(other) is None
