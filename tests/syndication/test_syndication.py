"""Five stories as published by six publishers, and five other stories in the same words."""

import pytest

from tests.syndication.measure import Pairs, measure, syndicated

pytestmark = [pytest.mark.model]
FLOORS = {"quotes": (0.98, 0.85), "events": (0.95, 0.85)}  # precision and recall by pairs; required: 0.95 and 0.85


@pytest.fixture(scope="module")
def figures(nlp) -> dict[str, Pairs]:
    """The pairs of the first five stories; `python -m tests.syndication` measures all."""
    return measure(syndicated(nlp, stories=5))


@pytest.mark.parametrize("name", FLOORS)
def test_one_story_at_six_publishers_is_one(figures: dict[str, Pairs], name: str) -> None:
    """Cut, reordered, restyled, with a new lead or respelt: quotes and events are clustered, and no others."""
    precision, recall = FLOORS[name]
    assert figures[name].true > 200
    assert (figures[name].precision >= precision, figures[name].recall >= recall) == (True, True), figures[name]
