"""The times of invented sentences are read right."""

import pytest

from tests.quality.figures import Figures
from tests.quality.measure_times import SETS, measure_times

FLOORS = {"believed": 93, "tuned": 98}

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def figures(nlp) -> Figures:
    """The figures of both sets."""
    return measure_times(nlp)


@pytest.mark.parametrize("name", SETS)
def test_share_of_right_sentences(name: str, figures: Figures) -> None:
    """Of 100 sentences, at least the floor have exactly their times, with the right words, types, values and days."""
    assert figures[name].total == 100
    assert figures[name].right >= FLOORS[name]
