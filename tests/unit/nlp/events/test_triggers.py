"""Needs of patterns: classes of nouns, opposites, doers, quotes and states, each met and not met."""

import pytest

from tests.unit.nlp.events_case import read

pytestmark = pytest.mark.model

BRANDT = ("Otto Brandt", "PERSON", 0, "DEU")
SPAIN = ("Spain", "GPE", 1, "ESP")


@pytest.mark.parametrize(
    ("met", "unmet", "trigger"),
    [
        ("The attack on Spain failed.", "She survived a heart attack.", "attack"),
        ("Rebels threatened the port.", "The storm threatened the port.", "threatened"),
        ("The judge spoke to Otto Brandt.", "The judge spoke to a reporter.", "spoke"),
        ("Otto Brandt protested.", "“No,” Otto Brandt protested.", "protested"),
        ("Spain opposed the plan.", "Otto Brandt opposes the plan.", "opposes"),
        ("She called the minister.", "She called the minister a tailor.", "called"),
        ("The minister refused to sign.", "The minister declined to comment.", "declined"),
        ("Estonia closed some of its ports.", "Estonia closed some of its accounts.", "closed"),
        ("Prices rose by two percent.", "Tensions rose.", "rose"),
    ],
)
def test_need_is_met_by_its_class(nlp, met, unmet, trigger):
    """A pattern matches with a word of the class that it needs, and not with another."""
    assert read(nlp, met, BRANDT, SPAIN).events != ()
    assert trigger not in {row.trigger_text for row in read(nlp, unmet, BRANDT, SPAIN).events}


def test_doer_of_a_passive_is_its_agent(nlp):
    """What must not be the doer is looked for after "by" in a passive."""
    fired = [
        [row.trigger_text for row in read(nlp, f"The village was destroyed by the {doer}.").events]
        for doer in ("army", "age")
    ]
    assert fired == [["destroyed"], []]
