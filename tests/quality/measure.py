"""The share of gold that is annotated correctly: one figure per question, with every miss."""

from collections import defaultdict
from collections.abc import Sequence

from tests.quality.corpus import Case
from tests.quality.figures import Figure, Figures
from tests.quality.measure_entities import judge_entities
from tests.quality.measure_events import judge_events
from tests.quality.measure_pages import judge_outcome, judge_page
from tests.quality.measure_quotes import judge_quotes


def measure(cases: Sequence[Case]) -> Figures:
    """Return all figures, in pipeline order: page, quotes, events, entities."""
    figures: Figures = defaultdict(Figure)
    for judge in (judge_outcome, judge_page, judge_quotes, judge_events, judge_entities):
        for case in cases:
            judge(case, figures)
    return dict(figures)
