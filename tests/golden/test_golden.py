"""Every sample page, every field, as it was recorded. Whether that is right, tests/quality asks."""

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
    """What the pipeline makes of all cases now."""
    annotator = make_annotator(nlp)
    return {name: read_case(name, annotator) for name in case_names()}


@pytest.mark.parametrize("name", case_names())
def test_same_fields(name: str, readings: dict[str, Reading]) -> None:
    """A case has its expected fields and no others; `make golden` writes a missing case."""
    assert readings[name].keys() == _expected(name).keys(), "a column came or went: run `make golden`, read the diff"


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
    """A field reads as recorded, in every row."""
    assert readings[name].get(field) == _expected(name)[field]
