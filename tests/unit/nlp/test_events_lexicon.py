"""The English lexicon keeps to its own vocabulary."""

import pytest

from pipeline.nlp.events import QUADS
from pipeline.nlp.languages.en.frames import FRAMES, NOUNS, VERBS
from pipeline.nlp.languages.spec_events import FrameData

SECTORS = set("COP GOV JUD LEG MIL PTY REB SPY AGR BUS CRM CVL EDU ELI JRN LAB MED REF OPP REL SOC".split())  # noqa: SIM905


@pytest.mark.parametrize("group", VERBS + NOUNS, ids=lambda group: group.patterns.split()[0])
def test_groups_are_typed(group):
    """Every group has a PLOVER type, or OTHER with a subtype and no mode."""
    assert group.event_type in QUADS or (group.event_type == "OTHER" and bool(group.subtype) and group.mode is None)


def test_patterns_ask_most_first():
    """Within a word the most demanding pattern is tried first."""
    for frames in [*FRAMES.verb_index.values(), *FRAMES.noun_index.values()]:
        needs = [len(frame.needs) for frame in frames]
        assert needs == sorted(needs, reverse=True)


def test_lexicon_has_the_size_of_a_starter():
    """A few hundred verb frames and about 150 nominals at least."""
    assert sum(map(len, FRAMES.verb_index.values())) >= 500
    assert len(FRAMES.noun_index) >= 150


def test_sectors_are_plovers():
    """Role nouns carry a PLOVER sector or none."""
    assert {sector for sector in FRAMES.people.values() if sector} <= SECTORS


def test_lexicon_is_a_value():
    """The lexicon cannot be changed while articles are read."""
    assert FrameData.__dataclass_params__.frozen
