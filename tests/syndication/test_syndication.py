"""Five stories as six outlets print them, and as many other stories in the same words."""

import pytest

from tests.syndication.measure import Pairs, measure, syndicated

pytestmark = [pytest.mark.model]
FLOORS = {"quotes": (0.98, 0.85), "events": (0.95, 0.85)}  # precision and recall by pairs; the issue asks 0.95 and 0.85


@pytest.fixture(scope="module")
def figures(nlp) -> dict[str, Pairs]:
    """The pairs of the first five stories; `python -m tests.syndication` has all."""
    return measure(syndicated(nlp, stories=5))


@pytest.mark.parametrize("name", FLOORS)
def test_one_story_in_six_outlets_is_one(figures: dict[str, Pairs], name: str) -> None:
    """Cut, reordered, in another style, with a new lead or respelt: quotes and events are put together, no others."""
    precision, recall = FLOORS[name]
    assert figures[name].true > 200
    assert (figures[name].precision >= precision, figures[name].recall >= recall) == (True, True), figures[name]
