"""The main event of invented articles: the event that headline and lead are about."""

import pytest

from tests.unit.nlp.events_case import read

pytestmark = pytest.mark.model

HOLM = ("Ada Holm", "PERSON", 0, "NOR")
BRANDT = ("Otto Brandt", "PERSON", 1, "DEU")
LEEDS = ("Leeds", "GPE", 2, "GBR")
REST = "\nIt was cold.\nNobody was there.\nThe shops were shut."


def _main(case):
    return [(event.event_type, event.trigger_text) for event in case.events if event.is_main]


@pytest.mark.parametrize(
    ("title", "text", "expected"),
    [
        ("Ada Holm meets Otto Brandt", "In 2019 police arrested a man.", [("CONSULT", "meets")]),
        (None, "Police said that a man had attacked Ada Holm.", [("ASSAULT", "attacked")]),
        (None, "Ada Holm is on the brink of arresting Otto Brandt.", [("COERCE", "arresting")]),
        (None, "The protest against Ada Holm surprised the town.", [("PROTEST", "protest")]),
        (None, "It was a day like any other.\nA man was stabbed in Leeds.", [("ASSAULT", "stabbed")]),
    ],
)
def test_main_event(nlp, title, text, expected):
    """The main event is at the core of the headline, else of the first sentences: also said, linked or carried."""
    case = read(nlp, text + REST, HOLM, BRANDT, LEEDS, title=title)
    assert _main(case)[:1] == expected


def test_all_mentions_of_the_main_event_are_marked(nlp):
    """``is_main`` marks one ``coref_event_index``, and the main event is the most salient."""
    case = read(nlp, f"A man was stabbed in Leeds.{REST}\nThe stabbing shocked Leeds.", LEEDS)
    assert {event.coref_event_index for event in case.events if event.is_main} == {0}
    assert max(case.events, key=lambda event: event.salience).is_main


def test_everyday_verb_of_the_lead_is_the_main_event(nlp):
    """A verb without a type is an event of type OTHER if headline or lead report it; elsewhere it stays untyped."""
    text = f"Ada Holm repainted the bridge.{REST}\nOtto Brandt repainted his house."
    case = read(nlp, text, HOLM, BRANDT, title="Ada Holm repaints the bridge")
    found = [(event.event_type, event.event_subtype, event.trigger_text, event.rule_id) for event in case.events]
    assert found == [("OTHER", None, "repaints", "repaint>lead"), ("OTHER", None, "repainted", "repaint>lead")]
    assert _main(case) == [("OTHER", "repaints"), ("OTHER", "repainted")]


@pytest.mark.parametrize(
    "text",
    [
        "Lemon trees need water.",
        "The office repaints the bridge twice a year.",
        "If Ada Holm repaints the bridge, it will be blue.",
        "Ada Holm thinks that the bridge is blue.",
        "What is the bridge?",
    ],
)
def test_an_article_without_news_has_no_main_event(nlp, text):
    """What is usual, thought or only possible is no main event."""
    assert _main(read(nlp, text + REST, HOLM)) == []


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("How bridges are kept blue", [("OTHER", "repainted")]),
        ("Why towns need colour", []),
        (None, [("OTHER", "repainted")]),
    ],
)
def test_an_everyday_verb_is_the_main_event_only_with_a_word_of_the_title(nlp, title, expected):
    """A verb without a type in a sentence that shares no word with the title is a scene, not the main event."""
    case = read(nlp, f"Ada Holm repainted the bridge.{REST}", HOLM, title=title)
    assert _main(case) == expected


@pytest.mark.parametrize(("verb", "expected"), [("preceded", [("PROTEST", "protest")]), ("precedes", [])])
def test_a_noun_is_the_main_event_if_its_verb_reports_news(nlp, verb, expected):
    """A noun that a verb in the simple present carries is background."""
    case = read(nlp, f"The snow {verb} a protest against Ada Holm.{REST}", HOLM)
    assert _main(case) == expected


def test_a_repeated_event_of_the_lead_is_the_main_event(nlp):
    """Without an event at the core of the lead, one that lead and text name is the main event."""
    text = f"After the attack on Leeds the shops are shut.{REST}\nThe attack on Leeds was the first."
    assert _main(read(nlp, text, LEEDS)) == [("ASSAULT", "attack"), ("ASSAULT", "attack")]


def test_headline_and_lead_name_one_event(nlp):
    """A headline's event is that of the lead if both have the type, whatever the words."""
    case = read(nlp, f"Police detained Ada Holm in Leeds on Monday.{REST}", HOLM, LEEDS, title="Arrests in Leeds")
    assert [(event.trigger_text, event.coref_event_index) for event in case.events][:2] == [
        ("Arrests", 0),
        ("detained", 0),
    ]


def test_a_light_verb_and_its_noun_are_one_event(nlp):
    """The noun that a light verb of the lead carries is the main event; the verb is a mention of it."""
    case = read(nlp, f"Ada Holm underwent a scan on Tuesday.{REST}", HOLM)
    assert _main(case) == [("OTHER", "underwent"), ("OTHER", "scan")]
    assert len({event.coref_event_index for event in case.events}) == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ada Holm saw a surge of visitors.", [("OTHER", "surge")]),
        ("Ada Holm received a letter.", [("OTHER", "received")]),
        ("Ada Holm will repaint the bridge on Monday.", [("OTHER", "repaint")]),
        ("Ada Holm is expected to repaint the bridge.", [("OTHER", "repaint")]),
        ("Ada Holm spent the day repainting the bridge.", [("OTHER", "repainting")]),
    ],
)
def test_main_event_of_a_verb_that_names_no_event(nlp, text, expected):
    """A verb without a meaning of its own leads to the noun that it carries, a plan to what is planned."""
    assert _main(read(nlp, text + REST, HOLM)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ada Holm said on Tuesday that the bridge is too old.", [("OTHER", "said")]),
        ("Ada Holm said that her firm had repainted the bridge.", [("OTHER", "repainted")]),
        ("She said that the bridge is too old.", []),
    ],
)
def test_a_statement_is_the_main_event_only_without_an_event_in_it(nlp, text, expected):
    """What is said comes before the saying; nobody but somebody named or described makes a statement."""
    assert _main(read(nlp, f"{text}{REST}\nAda Holm said that it was late.", HOLM)) == expected


@pytest.mark.parametrize(
    ("title", "expected"),
    [("Arrest of Otto Brandt divides the town", "arrested"), ("Ada Holm demands calm", "demanded")],
)
def test_of_two_typed_verbs_the_main_event_is_the_first_of_the_title(nlp, title, expected):
    """In a sentence with several typed events, the one that the title names first is the main event."""
    text = f"Ada Holm demanded calm after police arrested Otto Brandt.{REST}"
    case = read(nlp, text, HOLM, BRANDT, title=title)
    assert expected in [trigger for _, trigger in _main(case)]


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("A town without power", [("OTHER", "shutdown")] * 4),
        ("What is a shutdown", []),
        ("Shutdown: what you need to know", []),
    ],
)
def test_a_noun_that_the_text_repeats_is_the_main_event(nlp, title, expected):
    """Without an event at the core of the lead, an event noun with four mentions is it, but not under a question."""
    text = (
        "The town is quiet during the shutdown.\nIn the shutdown the shops are dark.\n"
        "Many like the shutdown.\nThe shutdown is long."
    )
    assert _main(read(nlp, text, title=title)) == expected


@pytest.mark.parametrize(
    ("lead", "expected"),
    [
        (
            "The bridge over the river in the old town is blue and stands on four feet of stone.",
            [("OTHER", "repaints")],
        ),
        ("It is blue.", []),
    ],
)
def test_the_first_short_line_of_a_text_without_a_title_is_its_headline(nlp, lead, expected):
    """A full stop does not make a headline a sentence, if a lead follows."""
    assert _main(read(nlp, f"Ada Holm repaints old bridge.\n{lead}{REST}", HOLM)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Leeds stood still after police arrested Otto Brandt.", [("COERCE", "arrested")]),
        ("Leeds is the town where police arrested Otto Brandt.", []),
    ],
)
def test_a_typed_verb_below_the_core_of_the_lead_is_the_main_event(nlp, text, expected):
    """Without an event at the core, a typed verb of another clause is it; a relative clause is background."""
    assert _main(read(nlp, text + REST, BRANDT, LEEDS)) == expected


@pytest.mark.parametrize(
    ("title", "expected"), [("Ada Holm has a blue bridge", [("OTHER", "repainted")]), ("A cold bridge", [])]
)
def test_a_sentence_after_the_lead_tells_the_main_event_of_the_title(nlp, title, expected):
    """A sentence after the lead counts if it has several words of the title."""
    text = "It was a cold day.\nNobody was there.\nAda Holm repainted the bridge.\nThe shops were shut."
    assert _main(read(nlp, text, HOLM, title=title)) == expected


def test_a_repeated_event_noun_of_the_headline_comes_before_a_verb_of_the_lead(nlp):
    """Where the headline has no event at its core, its typed noun is the topic before an everyday verb of the text."""
    text = "Ada Holm raised eyebrows.\nThe protest was small.\nThe protest was long.\nThe protest ended.\nIt was cold."
    case = read(nlp, text, HOLM, title="Photos of protest against Ada Holm are all over the place")
    assert _main(case)[0] == ("PROTEST", "protest")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"Ada Holm repainted the bridge.{REST}\nOtto Brandt repaints his house twice a year.", ["repainted"]),
        (
            "A shutdown hit.\nThe shutdown is long.\nThe shutdown is dark.\nThe shutdown is new.\nShutdowns are cold.",
            ["shutdown"] * 4,
        ),
        ("A report came.\nThe report is long.\nThe report is dark.\nThe report is new.\nIt was cold.", ["report"]),
    ],
)
def test_an_everyday_event_is_not_named_by_a_habit_another_number_or_a_paper(nlp, text, expected):
    """The word of an everyday main event names no event if it means a habit, several events or a paper."""
    assert [event.trigger_text for event in read(nlp, text, HOLM, BRANDT).events] == expected
