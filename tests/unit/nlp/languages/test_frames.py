"""The English lexicon follows its schema, and each of its examples matches; schema errors are rejected."""

from pathlib import Path

import pytest

from newslake.pipeline.errors import ConfigError
from newslake.pipeline.nlp.languages.en import frames as english
from newslake.pipeline.nlp.languages.en.frames import FRAMES, NOUNS, VERBS
from newslake.pipeline.nlp.languages.frame_file import read_frames
from newslake.pipeline.nlp.languages.plover import SUBTYPES
from newslake.pipeline.nlp.languages.spec_events import FrameData
from newslake.pipeline.tables.schema import EVENTS
from tests.unit.nlp.events_case import read

SECTORS = set("COP GOV JUD LEG MIL PTY REB SPY AGR BUS CRM CVL EDU ELI JRN LAB MED REF OPP REL SOC".split())  # noqa: SIM905
EXAMPLES = [(group, example) for group in VERBS + NOUNS for example in group.examples]
COUNTER_EXAMPLES = [(group, example) for group in VERBS + NOUNS for example in group.counter_examples]
GROUP = '[[verb]]\ntype = "CONSULT"\nmode = "visit"\npatterns = "visit @group"\nexamples = ["Ada visited Spain."]\n'


@pytest.mark.model
@pytest.mark.parametrize(("group", "example"), EXAMPLES, ids=[example for _, example in EXAMPLES])
def test_example_matches(nlp, group, example):
    """In each example of the lexicon one of its group's patterns matches."""
    fired = [event.rule_id for event in read(nlp, example).events]
    assert set(fired) & {frame.rule_id for frame in group.frames()}, fired


@pytest.mark.model
@pytest.mark.parametrize(("group", "example"), COUNTER_EXAMPLES, ids=[example for _, example in COUNTER_EXAMPLES])
def test_counter_example_does_not_match(nlp, group, example):
    """In no counter-example of the lexicon one of its group's patterns matches."""
    fired = [event.rule_id for event in read(nlp, example).events]
    assert not set(fired) & {frame.rule_id for frame in group.frames()}, fired


def test_each_group_has_a_counter_example():
    """Each group of the lexicon has a sentence that none of its patterns matches."""
    assert [group.examples[0] for group in VERBS + NOUNS if not group.counter_examples] == []


def test_patterns_with_most_needs_come_first():
    """For each word the pattern with the most needs is tried first."""
    for frames in [*FRAMES.verb_index.values(), *FRAMES.noun_index.values()]:
        needs = [sum("!" not in need for need in frame.needs) for frame in frames]
        assert needs == sorted(needs, reverse=True)


def test_rule_names_one_frame():
    """A rule_id is short and identifies its frame."""
    for index in (FRAMES.verb_index, FRAMES.noun_index):
        rules = [frame.rule_id for frames in index.values() for frame in frames]
        assert len(set(rules)) == len(rules)
        assert max(map(len, rules)) < 50


def test_lexicon_is_large():
    """There are at least 600 verb frames and 250 noun frames."""
    assert sum(map(len, FRAMES.verb_index.values())) >= 600
    assert sum(map(len, FRAMES.noun_index.values())) >= 250


def test_lexicon_comes_from_its_file():
    """The rules use the content of the file."""
    assert read_frames(Path(english.__file__).with_name("frames.toml")) == (VERBS, NOUNS)


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ('"CONSULT"', '"CONSLUT"', 2, "type: 'CONSLUT' is not one of"),
        ('mode = "visit"', 'mode = "arrest"', 3, "mode: CONSULT has no mode 'arrest'"),
        ('mode = "visit"', 'mode = "visit"\nsubtype = "sport"', 4, "subtype: only OTHER has a subtype"),
        ('mode = "visit"', "reciprocal = 1", 3, "reciprocal: must be a bool"),
        ('mode = "visit"', 'recipients = "to"', 3, "recipients: unknown key"),
        ('mode = "visit"', 'recipient = "to, in"', 3, "recipient: 'to,' is not one of"),
        ("@group", "@group, !x", 4, "patterns: '!x' does not begin with a word"),
        ("@group", "%hold", 4, "patterns: 'visit %hold': '%hold' is not a valid need of a verb pattern"),
        ("@group", "@group, visit @group", 4, "patterns: 'visit @group' is already in the file"),
        ('["Ada visited Spain."]', "[]", 5, "examples: is missing"),
        ('["Ada visited Spain."]', "[7]", 5, "examples: must be sentences"),
        ('examples = ["Ada', 'counter_examples = [""]\nexamples = ["Ada', 5, "counter_examples: must be sentences"),
        ('examples = ["Ada', 'guards = "%hold"\nexamples = ["Ada', 5, "guards: '%hold' is not a valid need of a verb"),
        ('type = "CONSULT"', 'type = "OTHER"', 3, "mode: OTHER has no mode"),
        ('patterns = "visit @group"\n', "", 1, "patterns: is missing"),
    ],
)
def test_mistake_is_rejected_with_its_line(tmp_path, old, new, line, message):
    """A table that breaks the schema is rejected with file, line, key and the fix."""
    path = tmp_path / "frames.toml"
    path.write_text(GROUP.replace(old, new))
    with pytest.raises(ConfigError) as caught:
        read_frames(path)
    assert str(caught.value).startswith(f"{path}, line {line}: [[verb]] {message}")


@pytest.mark.parametrize(
    ("text", "message"),
    [("[[verb]]\ntype = CONSULT\n", "not valid TOML"), (GROUP.replace("[[verb]]", "[[verbs]]"), "unknown key 'verbs'")],
)
def test_unreadable_file_is_rejected(tmp_path, text, message):
    """A file that is not TOML, or has an unknown table, is rejected as a whole."""
    path = tmp_path / "frames.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=message):
        read_frames(path)


def test_subtypes_match_the_table():
    """The table has exactly the subtypes of everyday events that the lexicon may use."""
    column = next(column for column in EVENTS.columns if column.name == "event_subtype")
    assert column.values == tuple(sorted(SUBTYPES))


def test_sectors_are_from_plover():
    """Role nouns have a PLOVER sector or none."""
    assert {sector for sector in FRAMES.people.values() if sector} <= SECTORS


def test_lexicon_is_a_value():
    """The lexicon cannot be changed while articles are annotated."""
    assert FrameData.__dataclass_params__.frozen
