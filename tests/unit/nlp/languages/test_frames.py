"""The English lexicon keeps to its schema, and each of its examples fires; what breaks the schema is refused."""

from pathlib import Path

import pytest

from pipeline.errors import ConfigError
from pipeline.nlp.languages.en import frames as english
from pipeline.nlp.languages.en.frames import FRAMES, NOUNS, VERBS
from pipeline.nlp.languages.frame_file import read_frames
from pipeline.nlp.languages.plover import SUBTYPES
from pipeline.nlp.languages.spec_events import FrameData
from pipeline.tables.schema import EVENTS
from tests.unit.nlp.events_case import read

SECTORS = set("COP GOV JUD LEG MIL PTY REB SPY AGR BUS CRM CVL EDU ELI JRN LAB MED REF OPP REL SOC".split())  # noqa: SIM905
EXAMPLES = [(group, example) for group in VERBS + NOUNS for example in group.examples]
GROUP = '[[verb]]\ntype = "CONSULT"\nmode = "visit"\npatterns = "visit @group"\nexamples = ["Ada visited Spain."]\n'


@pytest.mark.model
@pytest.mark.parametrize(("group", "example"), EXAMPLES, ids=[example for _, example in EXAMPLES])
def test_example_fires(nlp, group, example):
    """In each example of the lexicon one of its group's patterns fires."""
    fired = [event.rule_id for event in read(nlp, example).events]
    assert set(fired) & {frame.rule_id for frame in group.frames()}, fired


def test_patterns_ask_most_first():
    """Within a word the most demanding pattern is tried first."""
    for frames in [*FRAMES.verb_index.values(), *FRAMES.noun_index.values()]:
        needs = [len(frame.needs) for frame in frames]
        assert needs == sorted(needs, reverse=True)


def test_rule_names_one_frame():
    """A rule_id is short, and says which frame fired."""
    for index in (FRAMES.verb_index, FRAMES.noun_index):
        rules = [frame.rule_id for frames in index.values() for frame in frames]
        assert len(set(rules)) == len(rules)
        assert max(map(len, rules)) < 50


def test_lexicon_is_large():
    """At least 600 verb frames and 250 nominals."""
    assert sum(map(len, FRAMES.verb_index.values())) >= 600
    assert sum(map(len, FRAMES.noun_index.values())) >= 250


def test_lexicon_is_read_from_its_file():
    """What the file says is what the rules use."""
    assert read_frames(Path(english.__file__).with_name("frames.toml")) == (VERBS, NOUNS)


@pytest.mark.parametrize(
    ("old", "new", "line", "told"),
    [
        ('"CONSULT"', '"CONSLUT"', 2, "type: 'CONSLUT' is none of"),
        ('mode = "visit"', 'mode = "arrest"', 3, "mode: 'arrest' is no mode of CONSULT"),
        ('mode = "visit"', 'mode = "visit"\nsubtype = "sport"', 4, "subtype: only OTHER has one"),
        ('mode = "visit"', "reciprocal = 1", 3, "reciprocal: must be a bool"),
        ('mode = "visit"', 'recipients = "to"', 3, "recipients: unknown key"),
        ('mode = "visit"', 'recipient = "to, in"', 3, "recipient: 'to,' is no place"),
        ("@group", "@group, !x", 4, "patterns: '!x' begins with no word"),
        ("@group", "%hold", 4, "patterns: 'visit %hold': '%hold' is nothing that a verb pattern may ask for"),
        ("@group", "@group, visit @group", 4, "patterns: 'visit @group' stands in the file already"),
        ('["Ada visited Spain."]', "[]", 5, "examples: is missing"),
        ('["Ada visited Spain."]', "[7]", 5, "examples: must be sentences"),
        ('type = "CONSULT"', 'type = "OTHER"', 3, "mode: OTHER has none"),
        ('patterns = "visit @group"\n', "", 1, "patterns: is missing"),
    ],
)
def test_mistake_is_refused_with_its_line(tmp_path, old, new, line, told):
    """A table that breaks the schema is refused with file, line, key and what to do."""
    path = tmp_path / "frames.toml"
    path.write_text(GROUP.replace(old, new))
    with pytest.raises(ConfigError) as caught:
        read_frames(path)
    assert str(caught.value).startswith(f"{path}, line {line}: [[verb]] {told}")


@pytest.mark.parametrize(
    ("text", "told"),
    [("[[verb]]\ntype = CONSULT\n", "no TOML"), (GROUP.replace("[[verb]]", "[[verbs]]"), "unknown key 'verbs'")],
)
def test_file_that_cannot_be_read_is_refused(tmp_path, text, told):
    """What is no TOML, or has a table of another name, is refused as a whole."""
    path = tmp_path / "frames.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=told):
        read_frames(path)


def test_subtypes_are_those_of_the_table():
    """The table knows every kind of everyday event that the lexicon may use, and no other."""
    column = next(column for column in EVENTS.columns if column.name == "event_subtype")
    assert column.values == tuple(sorted(SUBTYPES))


def test_sectors_are_plovers():
    """Role nouns carry a PLOVER sector or none."""
    assert {sector for sector in FRAMES.people.values() if sector} <= SECTORS


def test_lexicon_is_a_value():
    """The lexicon cannot be changed while articles are read."""
    assert FrameData.__dataclass_params__.frozen
