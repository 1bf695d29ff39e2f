"""Every field of every sample page is as recorded. tests/quality measures whether it is right."""

import json

import pytest

from tests.golden.cases import Reading, case_names, file_of, make_annotator, read_case

pytestmark = pytest.mark.model


@pytest.fixture(scope="session")
def readings(nlp) -> dict[str, Reading]:
    """The current results of all cases."""
    annotator = make_annotator(nlp)
    return {name: read_case(name, annotator) for name in case_names()}


@pytest.mark.parametrize("name", case_names())
def test_every_field_is_as_recorded(name: str, readings: dict[str, Reading]) -> None:
    """A case has its expected fields and no others, each as recorded in every row; `make golden` writes them all."""
    found, expected = readings[name], json.loads(file_of(name).read_text("utf-8"))
    assert found.keys() == expected.keys(), "columns were added or removed: run `make golden` and read the diff"
    changed = {field: (value, expected[field]) for field, value in found.items() if value != expected[field]}
    assert changed == {}, f"found and recorded values of {', '.join(changed)} differ"
