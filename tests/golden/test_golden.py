"""Every field of every sample page is as recorded. tests/quality measures whether it is right."""

import json
from functools import cache

import pytest

from tests.golden.cases import Reading, case_names, file_of, make_annotator, read_case

pytestmark = pytest.mark.model


@cache
def _expected(name: str) -> Reading:
    return json.loads(file_of(name).read_text("utf-8"))


@pytest.fixture(scope="session")
def readings(nlp) -> dict[str, Reading]:
    """The current results of all cases."""
    annotator = make_annotator(nlp)
    return {name: read_case(name, annotator) for name in case_names()}


@pytest.mark.parametrize("name", case_names())
def test_same_fields(name: str, readings: dict[str, Reading]) -> None:
    """A case has its expected fields and no others; `make golden` writes a missing case."""
    assert readings[name].keys() == _expected(name).keys(), (
        "columns were added or removed: run `make golden` and read the diff"
    )


@pytest.mark.parametrize(
    ("name", "field"),
    [
        pytest.param(name, field, id=f"{name}::{field}")
        for name in case_names()
        if file_of(name).exists()
        for field in _expected(name)
    ],
)
def test_field(name: str, field: str, readings: dict[str, Reading]) -> None:
    """A field is as recorded, in every row."""
    assert readings[name].get(field) == _expected(name)[field]
