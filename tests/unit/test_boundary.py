"""The boundary around one item."""

import logging

import pytest

from newslake.pipeline.boundary import run_isolated
from newslake.pipeline.errors import BrokenItemError, BrokenListingError, ConfigError


def _crash():
    raise ValueError("caf\udce9" + "x" * 1000)


def test_result_of_an_item_passes():
    """The result of an item that does not fail is returned."""
    assert run_isolated(lambda: 5, key="a") == 5


def test_unexpected_exception_becomes_the_items_error(caplog):
    """An unexpected exception is returned as an error with type, place and the start of its message."""
    with caplog.at_level(logging.WARNING):
        error = run_isolated(_crash, key="https://a.example/1")

    assert isinstance(error, BrokenItemError)
    assert (error.reason, error.disposition, error.key) == ("broken_item", "quarantine", "https://a.example/1")
    assert "ValueError in test_boundary.py:12: caf\ufffdx" in str(error)
    assert len(str(error)) < 600
    [record] = caplog.records
    assert record.getMessage().startswith("https://a.example/1\nTraceback")
    record.getMessage().encode()


def test_place_is_the_innermost_frame_of_newslake():
    """The place of an error in a library is the line of newslake that called it."""
    from newslake.pipeline.unicode import well_formed_json

    value: list[object] = []
    value.append(value)

    error = run_isolated(lambda: well_formed_json(value), key="a")

    assert "RecursionError in pipeline/unicode.py:" in str(error)


def test_error_of_newslake_is_returned_as_it_is():
    """An error that concerns the item keeps its class and reason."""
    broken = BrokenListingError("no", key="a")

    def work():
        raise broken

    assert run_isolated(work, key="a") is broken


@pytest.mark.parametrize("error", [ConfigError("no"), OSError("disk"), MemoryError()])
def test_error_of_the_run_passes(error):
    """An error that concerns the run or the machine passes the boundary."""

    def work():
        raise error

    with pytest.raises(type(error)):
        run_isolated(work, key="a")
