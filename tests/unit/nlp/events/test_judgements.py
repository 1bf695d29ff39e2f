"""Accusations, support and refusals that a verb of saying expresses by words that judge somebody else."""

import pytest

from newslake.pipeline.nlp.languages import LANGUAGES
from tests.unit.nlp.events_case import read
from tests.unit.nlp.statements_case import NAMES, read_quoted, whom

pytestmark = pytest.mark.model


@pytest.mark.parametrize(
    ("text", "trigger", "event_type", "recipient"),
    [
        ("Ada Holm said Otto Brandt had lied to the court.", "said", "ACCUSE", "otto brandt"),
        ("Ada Holm said Spain was responsible.", "said", "ACCUSE", "spain"),
        ("Ada Holm called Otto Brandt a liar.", "called", "ACCUSE", "otto brandt"),
        ("Ada Holm described the decision as shameful.", "described", "ACCUSE", None),
        ("Ada Holm portrayed Otto Brandt as a coward.", "portrayed", "ACCUSE", "otto brandt"),
        ("“This is a betrayal of our families,” Ada Holm said of the ministry.", "said", "ACCUSE", "ministry"),
        ("Ada Holm said the plan would destroy jobs.", "said", "ACCUSE", None),
        ("Ada Holm said it was a mistake by the government to close the bridge.", "said", "ACCUSE", "government"),
        ("“This tariff is not justified,” Ada Holm wrote.", "wrote", "ACCUSE", None),
        ("“These fees are a bad idea, and the bill is vague,” Ada Holm added.", "added", "ACCUSE", None),
        ("Ada Holm said that Otto Brandt had unfairly treated her sister.", "said", "ACCUSE", "otto brandt"),
        ("“We are disappointed with the government,” Ada Holm said.", "said", "ACCUSE", "government"),
        ("“The ministry is old,” said Ada Holm. “The ministry has ignored us.”", "said", "ACCUSE", "ministry"),
        ("“It is a reckless decision,” Ada Holm said.", "said", "ACCUSE", None),
        ("“I saw the ministry’s reckless decision,” Ada Holm said.", "said", "ACCUSE", "ministry"),
        ("“Spain has led an immoral campaign,” Ada Holm said.", "said", "ACCUSE", "spain"),
        ("“I saw their reckless decision,” Ada Holm said.", "said", "ACCUSE", None),
        ("Ada Holm said she was proud of the team.", "said", "SUPPORT", "team"),
        ("“He is a brave man,” Ada Holm said of Otto Brandt.", "said", "SUPPORT", "otto brandt"),
        ("Ada Holm said Otto Brandt would be the best candidate.", "said", "SUPPORT", "otto brandt"),
        ("Ada Holm said she did not support Otto Brandt.", "said", "REJECT", "otto brandt"),
        ("Ada Holm said she was not in favour of Otto Brandt.", "said", "REJECT", "otto brandt"),
        ("Ada Holm said her rival Otto Brandt would bring war.", "said", "ACCUSE", "otto brandt"),
        ("“The tax would lead to a disaster,” Ada Holm said.", "said", "ACCUSE", None),
        ("“The accord will bring jobs and stability,” Ada Holm said.", "said", "SUPPORT", None),
        ("“Otto Brandt is trying to mislead the voters,” Ada Holm said.", "said", "ACCUSE", "otto brandt"),
        ("“Otto Brandt is weakening this town,” Ada Holm said.", "said", "ACCUSE", "otto brandt"),
        ("“Otto Brandt has done nothing for this town,” Ada Holm said.", "said", "ACCUSE", "otto brandt"),
        ("“Spain is not doing enough,” Ada Holm said.", "said", "ACCUSE", "spain"),
        ("“Our government has done nothing,” Ada Holm said.", "said", "ACCUSE", "our government"),
        ("“Otto Brandt has no shame,” Ada Holm said.", "said", "ACCUSE", "otto brandt"),
        ("“The ministry has no business in our bedrooms,” Ada Holm said.", "said", "ACCUSE", "ministry"),
        ("“Otto Brandt has fought for our rights,” Ada Holm said.", "said", "SUPPORT", "otto brandt"),
        ("Ada Holm said Otto Brandt was the best choice.", "said", "SUPPORT", "otto brandt"),
    ],
)
def test_statement_judges_somebody_else(nlp, text, trigger, event_type, recipient):
    """A verb of saying has the type of the judgement that its quote or clause expresses, to whom it concerns."""
    event = read_quoted(nlp, text).event(trigger)
    assert (event.event_type, event.actor_name, whom(event)) == (event_type, "Ada Holm", recipient)
    assert event.modality == "happened"


@pytest.mark.parametrize(
    "text",
    [
        "Ada Holm said the soup was not right.",
        "Ada Holm said Otto Brandt was not responsible.",
        "Ada Holm said the soup was terrible.",
        "“I was wrong,” Ada Holm said.",
        "“My plan was a mistake,” Ada Holm said.",
        "Ada Holm said she had failed.",
        "“The storm was cruel,” Ada Holm said.",
        "“It was painful and very loud,” Ada Holm said.",
        "“Otto Brandt was terrible in goal,” Ada Holm said.",
        "Ada Holm said the attack killed ten people.",
        "Ada Holm said illegal drugs were found in the house.",
        "“If Otto Brandt is a liar, we will know,” Ada Holm said.",
        "Ada Holm said Otto Brandt could be corrupt.",
        "Ada Holm said Otto Brandt had not lied.",
        "“The letter from the corrupt judge came late,” Ada Holm said.",
        "Ada Holm did not say that Otto Brandt had lied.",
        "“We had a great time,” Ada Holm said.",
        "Ada Holm said Otto Brandt was a great player.",
        "Ada Holm said Otto Brandt was a good swimmer.",
        "Ada Holm said she supports Otto Brandt.",
        "Ada Holm said she could not accept the parcel.",
        "Ada Holm said the flood brought chaos.",
        "Ada Holm said the attack brought chaos.",
        "“If Otto Brandt does nothing, we will lose,” Ada Holm said.",
        "“Otto Brandt did nothing illegal,” Ada Holm said.",
        "“Otto Brandt tried not to mislead the voters,” Ada Holm said.",
        "“Otto Brandt has no business card,” Ada Holm said.",
        "“The cat has no shame,” Ada Holm said.",
        "“Otto Brandt has fought for the title,” Ada Holm said.",
        "“Otto Brandt has the support of the board,” Ada Holm said.",
        "“I stand by everything,” Ada Holm said.",
    ],
)
def test_statement_judges_nobody_else(nlp, text):
    """Facts, feelings, taste, and what the speaker says of himself have no type."""
    case = read_quoted(nlp, text)
    assert case.predicate("say" if "did not say" in text else "said").event_type is None


def test_verb_of_another_event_is_no_fault(nlp):
    """A deed that is an event itself makes no accusation of its report."""
    case = read_quoted(nlp, "Ada Holm said Otto Brandt had abused the boy.")
    assert [(event.trigger_text, event.event_type) for event in case.events] == [("abused", "ASSAULT")]


def test_first_judgement_counts(nlp):
    """A statement is one event, however much it blames."""
    case = read_quoted(nlp, "“Spain is a bully,” Ada Holm said. “Spain is corrupt, and Otto Brandt is a liar.”")
    assert [(event.trigger_text, whom(event)) for event in case.events] == [("said", "spain")]


def test_verb_between_marks_does_not_say_the_quote(nlp):
    """A verb of saying inside a quote is not its cue."""
    case = read_quoted(nlp, "“What he said was a surprise, and Spain is corrupt,” Ada Holm told the court.")
    assert [event.trigger_text for event in case.events] == ["told"]


def test_quote_has_one_verb_of_saying(nlp):
    """Of two verbs "said" in a sentence, a quote is what the speaker of one said."""
    case = read_quoted(nlp, "Ada Holm said “Spain is corrupt,” and Otto Brandt said the train was late.")
    assert [event.actor_text for event in case.events] == ["Ada Holm"]


def test_name_is_no_phone_call(nlp):
    """Somebody who is called something is not phoned."""
    case = read(nlp, "Ada Holm called Otto Brandt a carpenter.", *NAMES)
    assert case.predicate("called").event_type is None


def test_word_has_one_strength():
    """A word blames whatever it is said of, or only persons, bodies and acts, or only acts."""
    words = LANGUAGES["en"].frames.judgement
    assert not words.strong & words.blame
    assert not words.strong & words.flaws
