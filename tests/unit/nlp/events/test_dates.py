"""Which time expression dates which event, in invented sentences published on Wednesday, 11 March 2026."""

from datetime import date

import pytest

from tests.unit.nlp.events_case import read

pytestmark = pytest.mark.model

HOLM = ("Ada Holm", "PERSON", 1, "NOR")
BRANDT = ("Otto Brandt", "PERSON", 2, "DEU")
SPAIN = ("Spain", "GPE", 3, "ESP")
NORWAY = ("Norway", "GPE", 4, "NOR")
NAMES = (HOLM, BRANDT, SPAIN, NORWAY)
MONDAY = date(2026, 3, 9)


def day_of(nlp, text, trigger):
    """Return the first day of the event with this trigger."""
    return read(nlp, text, *NAMES).predicate(trigger).event_date


@pytest.mark.parametrize(
    ("text", "trigger"),
    [
        ("Ministers on Monday condemned the raid.", "condemned"),  # the parser takes the day for the subject's
        ("On Monday Norway expelled two diplomats.", "expelled"),
        ("Ada Holm met Otto Brandt, who runs the yard, for two hours on Monday.", "met"),  # a past day, a present verb
        ("On Monday, after the vote was lost, Ada Holm resigned.", "resigned"),
        ("Police arrested a man before dawn on Monday.", "arrested"),
    ],
)
def test_time_of_main_verb(nlp, text, trigger):
    """A time belongs to the verb of its clause, also where the parser attaches it to a noun nearby."""
    assert day_of(nlp, text, trigger) == MONDAY


@pytest.mark.parametrize(
    ("text", "trigger"),
    [
        ("Last year’s winner accused Ada Holm of fraud.", "accused"),
        ("Soldiers have attacked the village since Monday.", "attacked"),
        ("Ada Holm resigned after Monday.", "resigned"),
        ("Police said on Monday that soldiers had attacked the village.", "attacked"),
        ("Ada Holm praised the sailor who was rescued on Monday.", "praised"),
    ],
)
def test_time_of_another_word(nlp, text, trigger):
    """The time of a subject, a limit, a reporting verb or a relative clause is not the time of the event."""
    assert day_of(nlp, text, trigger) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ada Holm condemned the January 6 attack on the port.", None),
        ("A panel is investigating the January 6th attack on the port.", None),
        ("Ada Holm condemned the January 6, 2021 attack on the port.", date(2021, 1, 6)),
        ("Ada Holm condemned the March 6 attack on the port.", date(2026, 3, 6)),
    ],
)
def test_day_in_the_name_of_an_event(nlp, text, expected):
    """A day that only names an event, without a year and months away, may be a day of another year."""
    assert day_of(nlp, text, "attack") == expected


def test_time_of_speech_event(nlp):
    """The time of a reporting verb that is itself an event dates that event, not what is reported."""
    case = read(nlp, "Ada Holm accused Spain on Monday of attacking the village.", *NAMES)
    assert (case.event("accused").event_date, case.predicate("attacking").event_date) == (MONDAY, None)


@pytest.mark.parametrize(
    ("text", "trigger"),
    [
        ("Ada Holm demanded an inquiry in a statement issued on Monday.", "demanded"),
        ("Speaking on Monday, Ada Holm accused Spain of fraud.", "accused"),
        ("The ministry published a Monday letter urging Spain to leave.", "urging"),
        ("Gunmen raided a village on Monday, killing ten people.", "killing"),
        ("Ada Holm responded on Monday by expelling two diplomats.", "expelling"),
        ("Ada Holm met Otto Brandt and signed the agreement on Monday.", "met"),
        ("Ten people died when gunmen attacked the village on Monday.", "died"),
        ("The siege began on Monday, when soldiers attacked and seized the port.", "seized"),
        ("Soldiers attacked the village shortly after Ada Holm arrived on Monday.", "attacked"),
        ("Ada Holm will meet Otto Brandt to discuss the tax on Monday.", "meet"),
        ("At a rally on Monday, Ada Holm accused Spain of fraud.", "accused"),
        ("A report released on Monday accused Spain of fraud.", "accused"),
        ("Amid protests on Monday, Ada Holm resigned.", "resigned"),
        ("Hundreds of people gathered on Monday to protest against the tax.", "protest"),
        ("Monday’s letter accused Spain of fraud.", "accused"),
        ("Soldiers withdrew from the port on Monday as rebels attacked the village.", "attacked"),
        ("Thousands marched through the port on Monday to demand an inquiry.", "demand"),
        ("On Monday the council decided to expel Otto Brandt.", "expel"),
    ],
)
def test_time_of_neighbouring_verb(nlp, text, trigger):
    """An event has the time of its occasion, and of the clauses that happen with it."""
    assert day_of(nlp, text, trigger) in (MONDAY, date(2026, 3, 16))


@pytest.mark.parametrize(
    ("text", "trigger"),
    [
        ("Ada Holm resigned and on Monday praised Spain.", "resigned"),
        ("Ada Holm was arrested on Monday and later resigned.", "resigned"),
        ("Ada Holm attacked a bill in a house that was built in 2019.", "attacked"),
        ("Having won the vote on Monday, Ada Holm will attack Spain.", "attack"),
        ("Ada Holm, who was fined on Monday, attacked Spain.", "attacked"),
        ("Ada Holm was convicted in the attack of Monday.", "convicted"),
        ("Thousands marched through the port on Monday to attack Spain.", "attack"),
        ("On Monday the council promised to expel Otto Brandt.", "expel"),
        ("Ada Holm suspended her 2025 strike.", "suspended her 2025 strike"),
    ],
)
def test_time_that_is_not_shared(nlp, text, trigger):
    """A sequence, a relative clause and a perfect participle keep their time to themselves."""
    assert day_of(nlp, text, trigger) is None


@pytest.mark.parametrize(
    ("text", "trigger"),
    [
        ("Talks were held in secret on Monday.", "Talks"),
        ("The trip is scheduled to begin on Monday.", "trip"),
        ("Ada Holm cancelled the talks that Spain had planned for Monday.", "talks"),
        ("The news sparked protests on Monday.", "protests"),
        ("The attack on Monday killed ten people.", "killed"),
        ("The protest Monday drew thousands of dockers.", "protest"),
        ("The attack came on Monday.", "attack"),
    ],
)
def test_time_of_event_noun(nlp, text, trigger):
    """An event noun has the time of the verb that carries it, of the clause that dates it, and lends it to its verb."""
    assert day_of(nlp, text, trigger) in (MONDAY, date(2026, 3, 16))


def test_known_event_has_no_time_of_its_verb(nlp):
    """A definite event noun may name an earlier event: the time of a verb about it is not its time."""
    assert day_of(nlp, "Ada Holm remembered the attack on Monday.", "attack") is None


def test_earlier_event_has_no_time_of_its_verb(nlp):
    """A "previous" event was before that of the verb."""
    assert day_of(nlp, "On Monday the court overturned the previous ruling.", "ruling") is None


@pytest.mark.parametrize(
    ("text", "trigger", "day"),
    [
        ("“We reject the plan,” Ada Holm said on Monday.", "reject", MONDAY),
        ("“We are demanding an inquiry,” Ada Holm said on Monday.", "demanding", MONDAY),
        ("“They reject the plan,” Ada Holm said on Monday.", "reject", None),
        ("Ada Holm said on Monday that Spain rejects the plan.", "rejects", None),
        ("“We attack at night,” Ada Holm said on Monday.", "attack", None),
    ],
)
def test_time_of_what_is_done_by_saying_it(nlp, text, trigger, day):
    """What a speaker does in the quoted words happens when they are said; what they tell may not."""
    assert day_of(nlp, text, trigger) == day


@pytest.mark.parametrize(("cluster", "day"), [(1, MONDAY), (2, None)])
def test_time_of_what_a_speaker_does_in_reported_words(nlp, cluster, day):
    """A pronoun for the speaker is as good as "I"; another person may have done it on another day."""
    she = ("she", "PERSON", cluster, None)
    text = "Ada Holm said on Monday that she rejects the plan."
    assert read(nlp, text, HOLM, she).event("rejects").event_date == day


@pytest.mark.parametrize(
    ("first", "second", "day"),
    [
        ("Ada Holm wrote a letter on Monday.", "The letter accused Spain of fraud.", MONDAY),
        ("In a Monday letter, Ada Holm praised Norway.", "The letter also accused Spain of fraud.", MONDAY),
        ("In a letter sent on Monday, Ada Holm praised Norway.", "The letter also accused Spain of fraud.", MONDAY),
        ("In a Monday letter, Ada Holm praised Norway.", "A letter also accused Spain of fraud.", None),
    ],
)
def test_time_of_what_a_statement_says_later(nlp, first, second, day):
    """A statement that was dated when it was named first dates what "the" statement says."""
    assert day_of(nlp, f"{first}\n{second}", "accused") == day


def test_past_year_after_present_perfect(nlp):
    """A past year after a verb in the present perfect is that of the event right before it."""
    case = read(nlp, "Norway has accused Spain of an attack on a village in 2019.", *NAMES)
    assert (case.event("accused").event_date, case.event("attack").event_date) == (None, date(2019, 1, 1))
    assert day_of(nlp, "Two men have been jailed for a shooting in 2019.", "jailed") is None
    assert day_of(nlp, "Ada Holm has been arrested twice in 2025.", "arrested") == date(2025, 1, 1)


def test_past_time_under_infinitive(nlp):
    """A past time after an infinitive belongs to the event that the infinitive is about."""
    text = "Soldiers came to avenge the killings of farmers last month."
    assert day_of(nlp, text, "killings") == date(2026, 2, 1)


def test_past_month_of_refused_infinitive(nlp):
    """A past month after "threatened to leave" is also the month of the threat; a day need not be."""
    assert day_of(nlp, "Norway threatened to leave last month.", "threatened") == date(2026, 2, 1)
    assert day_of(nlp, "Norway threatened to leave on Monday.", "threatened") is None


def test_more_precise_time(nlp):
    """Of a period and a day in it, the day is the date."""
    text = "This month Ada Holm met Otto Brandt on Monday."
    assert day_of(nlp, text, "met") == MONDAY


def test_day_of_dateline(nlp):
    """The day in a dateline is that of the report, not of the first event."""
    text = "LISBON, March 10 (Northwire) — Spain attacked the port."
    assert day_of(nlp, text, "attacked") is None


def test_future_time_does_not_plan_another_event(nlp):
    """An event that happened does not take the future time of the verb that governs it."""
    event = read(nlp, "The strike that Spain stopped is the topic of talks on Friday.", *NAMES).event("strike")
    assert (event.event_date, event.modality) == (None, "happened")


@pytest.mark.parametrize(
    ("text", "trigger", "words"),
    [
        ("Ada Holm recently met Otto Brandt.", "met", "recently"),
        ("Ada Holm met Otto Brandt on Monday.", "met", "Monday"),
        ("Ada Holm met the recently elected Otto Brandt.", "met", None),
    ],
)
def test_vague_time(nlp, text, trigger, words):
    """An event with a vague time has its words and a note instead of a day."""
    event = read(nlp, text, HOLM, BRANDT).event(trigger)
    assert event.event_date_text == words
    assert (event.event_date_note is not None) == (words == "recently")


@pytest.mark.parametrize(
    ("text", "trigger", "expected"),
    [
        ("Norway and Spain held a third round of talks in Oslo on Monday.", "talks", MONDAY),
        ("Norway criticised the third round of talks in Oslo on Monday.", "talks", None),
        ("On Monday, Norway and Spain announced their agreement over the port.", "agreement", MONDAY),
        ("On Monday, Norway announced the arrest of Otto Brandt.", "arrest", None),
    ],
)
def test_time_of_a_noun_that_a_verb_carries(nlp, text, trigger, expected):
    """A round of talks has the day of the verb that holds it; an agreement that of the verb that tells it."""
    assert day_of(nlp, text, trigger) == expected


@pytest.mark.parametrize(
    ("text", "trigger", "expected"),
    [
        ("Ada Holm sent a letter to ministers on Monday urging them to resign.", "urging", MONDAY),
        ("Ada Holm read a letter to ministers on Monday urged by Spain.", "urged", None),
        ("An agent visited Ada Holm on Monday. That was the same day she accused Otto Brandt.", "accused", MONDAY),
        ("An agent visited Ada Holm on Monday. That was the same day that annoyed Spain.", "annoyed", None),
        ("Ada Holm took to the stage on Monday to thank Otto Brandt.", "thank", MONDAY),
        ("Ada Holm hoped on Monday to thank Otto Brandt.", "thank", None),
    ],
)
def test_time_of_what_is_done_by_a_dated_act(nlp, text, trigger, expected):
    """What a letter sent on a day urges, what is said on a stage, and what "the same day" tells, has the day."""
    assert day_of(nlp, text, trigger) == expected
