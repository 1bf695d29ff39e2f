"""The place of an event and its basis, in invented sentences."""

import pytest

from tests.unit.nlp.events_case import read

pytestmark = pytest.mark.model

HOLM = ("Ada Holm", "PERSON", 1, "NOR")
BRANDT = ("Otto Brandt", "PERSON", 2, "DEU")
SPAIN = ("Spain", "GPE", 3, "ESP")
OSLO = ("Oslo", "GPE", 4, "NOR")
NORWAY = ("Norway", "GPE", 5, "NOR")
MALMO = ("Malmo", "GPE", 6, "SWE")
COURT = ("Oslo Crown Court", "ORG", 7, "NOR")
GATE = ("Harbour Gate", "FAC", 8, "NOR")
LEE = ("Ann Lee", "PERSON", 9, "GBR")
HALL = ("Tom Hall", "PERSON", 10, "GBR")
NAMES = (COURT, LEE, HALL, HOLM, BRANDT, SPAIN, OSLO, NORWAY, MALMO, GATE)


def place_of(nlp, text, trigger):
    """Return the text and the basis of the place of the event with this trigger."""
    event = read(nlp, text, *NAMES).event(trigger)
    return event.place_text, event.place_basis


@pytest.mark.parametrize(
    ("text", "trigger", "place"),
    [
        ("Police arrested a man at a school in a suburb of Oslo.", "arrested", "Oslo"),
        ("Ada Holm was jailed at Oslo Crown Court.", "jailed", "Oslo Crown Court"),
        ("Ada Holm met Otto Brandt in Norway at Harbour Gate.", "met", "Harbour Gate"),
        ("Police in Oslo arrested a man.", "arrested", "Oslo"),
        ("Ada Holm visited Oslo.", "visited", "Oslo"),
        ("Soldiers shelled Oslo.", "shelled", "Oslo"),
        ("Ada Holm flew to Oslo, where she met Otto Brandt.", "met", "Oslo"),
        ("The protest held in Oslo was peaceful.", "protest", "Oslo"),
        ("In Oslo, the firm is closing a factory.", "closing", "Oslo"),
        ("Ann Lee met Tom Hall in Oslo.", "met", "Oslo"),
        ("Speaking in Oslo, Ada Holm condemned the bank.", "condemned", "Oslo"),
        ("Ada Holm on Monday in Oslo urged voters to wait.", "urged", "Oslo"),
        ("Three guards at an Oslo prison were killed.", "killed", "Oslo"),
        ("Police at a rally in Oslo arrested a man.", "arrested", "Oslo"),
        ("A man was arrested on an Oslo street.", "arrested", "Oslo"),
    ],
)
def test_place_in_clause(nlp, text, trigger, place):
    """The locative phrase of the clause is the place: the smallest one, with a name."""
    assert place_of(nlp, text, trigger) == (place, "clause")


@pytest.mark.parametrize(
    ("text", "trigger"),
    [
        ("Gunmen raided a bank in Oslo, killing ten people.", "killing"),
        ("Ada Holm arrived in Oslo and met Otto Brandt.", "met"),
    ],
)
def test_place_in_sentence(nlp, text, trigger):
    """A participle and a coordinated verb have the place of the clause above."""
    assert place_of(nlp, text, trigger)[0] == "Oslo"


@pytest.mark.parametrize(
    ("text", "trigger"),
    [
        ("Spain imposed sanctions on the bank.", "imposed sanctions"),
        ("Ann Lee praised Tom Hall in Oslo.", "praised"),
        ("Fearing riots in Oslo, Ada Holm condemned the bank.", "condemned"),
        ("Ada Holm, who was born in Oslo, met Otto Brandt.", "met"),
        ("Ada Holm accused the owners of a factory in Oslo.", "accused"),
        ("Inspectors found oil in Oslo, and Spain fined the owner.", "fined"),
        ("Ada Holm, a lawyer from Oslo, resigned.", "resigned"),
        ("A coach at an Oslo school was fined.", "fined"),
        ("Spain imposed sanctions on Oslo steel.", "imposed sanctions"),
        ("The court accused Spain of genocide in Oslo.", "accused"),
        ("Ada Holm urged calm in Oslo.", "urged"),
        ("Ada Holm criticized Spain over its role in Oslo.", "criticized"),
    ],
)
def test_place_of_another_word(nlp, text, trigger):
    """A country that acts, the place of a person, of another clause or of another event is not the place."""
    assert place_of(nlp, text, trigger) == (None, None)


def test_dateline_place(nlp):
    """The dateline is the place of the lead's event if the text gives no other."""
    lead = "Oslo, March 10 (Northwire) — Spain {} on Tuesday."
    assert place_of(nlp, lead.format("expelled two diplomats"), "expelled") == ("Oslo", "dateline")
    assert place_of(nlp, lead.format("arrested a man in Malmo"), "arrested") == ("Malmo", "clause")
    assert place_of(nlp, lead.format("may expel two diplomats"), "expel") == (None, None)


def test_dash_without_dateline(nlp):
    """A dash after ordinary words is no dateline."""
    assert place_of(nlp, "Oslo is calm again — Spain expelled two diplomats.", "expelled") == (None, None)
