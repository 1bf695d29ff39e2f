"""The figures of the sample newsroom do not fall below their floors."""

import pytest

from tests.quality.corpus import corpus_digest, read_corpus
from tests.quality.figures import Figures
from tests.quality.floors import read_floors
from tests.quality.measure import measure

FLOORS = read_floors()


@pytest.fixture(scope="session")
def figures(nlp) -> Figures:
    """All current figures."""
    return measure(read_corpus(nlp))


def test_floors_are_of_this_corpus() -> None:
    """The floors were measured on the current gold and pages; after a change of these, measure again."""
    assert corpus_digest() == FLOORS["corpus"]


@pytest.mark.model
def test_every_figure_has_a_floor(figures: Figures) -> None:
    """Every figure has a floor, and every floor has its figure."""
    assert sorted(figures) == sorted(FLOORS["percent"])


@pytest.mark.model
@pytest.mark.parametrize("name", FLOORS["percent"])
def test_figure_is_not_below_its_floor(name: str, figures: Figures) -> None:
    """A figure is at least its floor; otherwise `python -m tests.quality --misses` lists the misses."""
    assert figures[name].percent >= FLOORS["percent"][name], figures[name].misses
