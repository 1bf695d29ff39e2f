"""Quotes and their speakers, on invented sentences: cues on either side of the words, and spans that are not quotes."""

from datetime import UTC, datetime

import pytest

from newslake.pipeline.clean import article_from_text
from newslake.pipeline.kb import load_kb
from newslake.pipeline.model import Quote
from newslake.pipeline.nlp import Annotator

pytestmark = pytest.mark.model

DAY = datetime(2031, 3, 5, 9, tzinfo=UTC)
LEAD = "The harbour stayed shut on Tuesday.\n\n"


def read(nlp, text: str) -> tuple[Quote, ...]:
    """Return the quotes of an article, after a paragraph without quotes."""
    annotator = Annotator(nlp, kb=load_kb(None), infer_gender=True)
    [(article, doc)] = annotator.docs([article_from_text(LEAD + text, title=None, published_at=DAY, language="en")])
    return annotator.annotate(article, doc).quotes


@pytest.mark.parametrize(
    ("text", "quote", "speaker"),
    [
        pytest.param("Ana Brito said: “We stopped early.”", "“We stopped early.”", "Ana Brito", id="before"),
        pytest.param("“We stopped early,” said Ana Brito.", "“We stopped early,”", "Ana Brito", id="after"),
        pytest.param("“We stopped early,” he drawled.", "“We stopped early,”", "he", id="a verb in no list"),
        pytest.param(
            "Eva Lind, who ran the trial in Penwick, told reporters: “We stopped early.”",
            "“We stopped early.”",
            "Eva Lind",
            id="a relative clause between name and verb",
        ),
        pytest.param(
            "Ida Quist, a baker from Penwick, said: “The oven was cold.”",
            "“The oven was cold.”",
            "Ida Quist",
            id="an apposition between name and verb",
        ),
        pytest.param(
            "“The oven is a broken promise,” Ida Quist, R-Ohio, told reporters.",
            "“The oven is a broken promise,”",
            "Ida Quist",
            id="an aside between name and verb after the quote",
        ),
        pytest.param(
            "PENWICK (AP) - Quist Ovens Ltd, a maker of ovens, said on Monday it was “very sorry” for the smoke.",
            "it was “very sorry” for the smoke",
            "Quist Ovens Ltd",
            id="the place of a dateline never speaks",
        ),
        pytest.param(
            "Her rival, Ana Brito, shot back: “Perhaps he could oil our door.”",
            "“Perhaps he could oil our door.”",
            "Her rival, Ana Brito",
            id="a phrasal verb and a colon",
        ),
        pytest.param(
            "Ida Quist hit back that the oven was “a joke”.", "the oven was “a joke”", "Ida Quist", id="phrasal"
        ),
        pytest.param(
            "Here is what Ana Brito had to say a few minutes ago:\n\n“We are ready for a long and cold fight.”",
            "“We are ready for a long and cold fight.”",
            "Ana Brito",
            id="announced in the paragraph before",
        ),
        pytest.param(
            "Ana Brito, 34, from Penwick: “We are ready for this.”",
            "“We are ready for this.”",
            "Ana Brito",
            id="a name with age and town and a colon",
        ),
        pytest.param(
            "Ana Brito: “We are ready for this.”", "“We are ready for this.”", "Ana Brito", id="a colon alone"
        ),
        pytest.param(
            "Ana Brito, head of the union: “We are ready for a long fight.”",
            "“We are ready for a long fight.”",
            "Ana Brito",
            id="a name with its role and a colon",
        ),
        pytest.param(
            "“We are ready for a long fight.” — Ana Brito, union leader",
            "“We are ready for a long fight.”",
            "Ana Brito",
            id="a dash by-line",
        ),
        pytest.param(
            "“We are ready for a long fight.”\n\n— Ana Brito, union leader",
            "“We are ready for a long fight.”",
            "Ana Brito",
            id="a dash by-line in the next paragraph",
        ),
        pytest.param(
            "Her insistence that “nothing was promised” was a lie.",
            "“nothing was promised”",
            "Her",
            id="a noun",
        ),
        pytest.param(
            "In a statement, Ana Brito said: “We regret the error.”",
            "“We regret the error.”",
            "Ana Brito",
            id="a medium is not the speaker",
        ),
        pytest.param(
            "Ida Quist left early, calling it “a waste of a long evening”.",
            "“a waste of a long evening”",
            "Ida Quist",
            id="a participle",
        ),
        pytest.param(
            "Tom Roy told Ana Brito of the Herald: “I never met her.”",
            "“I never met her.”",
            "Tom Roy",
            id="the addressee is not the speaker",
        ),
        pytest.param(
            "Asked by Ana Brito about the key, Tom Roy said: “I never met her.”",
            "“I never met her.”",
            "Tom Roy",
            id="the interviewer is not the speaker",
        ),
        pytest.param(
            "“Ana Brito never came and never wrote,” said Tom Roy.",
            "“Ana Brito never came and never wrote,”",
            "Tom Roy",
            id="a name inside is not the speaker",
        ),
        pytest.param(
            "“Records were altered in the spring,” according to the audit.",
            "“Records were altered in the spring,”",
            "the audit",
            id="according to a document",
        ),
        pytest.param(
            "The firm paid nothing in June, records show.",
            "The firm paid nothing in June",
            "records",
            id="according to records",
        ),
    ],
)
def test_the_words_and_their_speaker(nlp, text: str, quote: str, speaker: str) -> None:
    """A cue is found on either side, and its subject is the speaker."""
    [found] = read(nlp, text)
    assert (found.quote_text, found.speaker_text) == (quote, speaker)


@pytest.mark.parametrize(
    ("text", "quote", "speaker"),
    [
        ("Eva Lind said the drug was safe.", "the drug was safe", "Eva Lind"),
        ("The bridge would close on Monday, Eva Lind added.", "The bridge would close on Monday", "Eva Lind"),
        (
            "The bridge, she added, was built in a great hurry.",
            "The bridge, she added, was built in a great hurry",
            "she",
        ),
        ("The bridge was built in a hurry, according to the report.", "The bridge was built in a hurry", "the report"),
        ("According to officials, the bridge was built in a hurry.", "the bridge was built in a hurry", "officials"),
        ("Tom Roy said in a news release that officers found him asleep.", "officers found him asleep", "Tom Roy"),
        ("Ida Quist claimed in an interview that no bridge is shut.", "no bridge is shut", "Ida Quist"),
        ("She has said on the ferry that she will sell the barge.", "she will sell the barge", "She"),
        ("He says he will appeal and says he is sure to win.", "he will appeal", "He"),
        ("Tom Roy said he would pay, adding that he was sorry.", "he would pay", "Tom Roy"),
        ("Tom Roy said the road was old, but he welcomed the vote.", "the road was old", "Tom Roy"),
        ("Ana Brito vowed to build a road by spring.", "to build a road by spring", "Ana Brito"),
        (
            "Tom Roy said on Friday that 80% of hours worked in the mill are paid late.",
            "80% of hours worked in the mill are paid late",
            "Tom Roy",
        ),
        ("Boats set to leave lost money, Tom Roy said.", "Boats set to leave lost money", "Tom Roy"),
        (
            "Tom Roy said that towns, including Penwick, that allow early voting struggle to register voters.",
            "towns, including Penwick, that allow early voting struggle to register voters",
            "Tom Roy",
        ),
        ("The governor suggested that the road was old.", "the road was old", "The governor"),
        ("Tom Roy asked Ana Brito if the barge was sold.", "if the barge was sold", "Tom Roy"),
        ("As the Courier reported on Friday, the mill will close.", "the mill will close", "Courier"),
        ("Ida Quist was adamant that the road was safe.", "the road was safe", "Ida Quist"),
        ("Residents believe the river will flood again.", "the river will flood again", "Residents"),
    ],
)
def test_an_indirect_quote_is_the_reported_clause(nlp, text: str, quote: str, speaker: str) -> None:
    """An indirect quote is the reported clause alone, wherever its cue is."""
    found = read(nlp, text)[0]
    assert (found.quote_text, found.speaker_text, found.quote_type) == (quote, speaker, "indirect")


@pytest.mark.parametrize(
    "text",
    [
        "The so-called “ghost towns” of the coast are empty.",
        "Bob “Lucky” Strand won the race by a boat’s length.",
        "Her new book, “The Long Road Home”, is out in June.",
        "She spoke on the channel’s “News at Noon,” and nobody listened.",
        "‘Absolute chaos’\n\nThe ferry left late.",
        "I think it will rain on Sunday.",
        "She was told that the barge was sold.",
        "The barge found itself stuck in the mud.",
        "Ida Quist was not sure the road was safe.",
        "Ida Quist did not say that the road was safe.",
        "Ida Quist announced a plan to bring its “SteadyHand” oven to Penwick.",
        "Ida Quist spoke at length on the channel's “Hardline” last week.",
        "When casting “The Long Road Home,” the pair quickly found a star.",
        "She told “News at Noon” on Friday, and nobody listened.",
        "The storm led to “utter chaos” on the coast.",
        "The hall was full of “people who had come to see a long fight” on Friday.",
    ],
)
def test_spans_that_are_not_quotes(nlp, text: str) -> None:
    """Scare quotes, nicknames, titles, cross-headings and the writer's own thoughts give no row."""
    assert read(nlp, text) == ()


@pytest.mark.parametrize(
    "text",
    [
        "That said, the bridge is closed to all traffic.",
        "All told, the bridge costs the town a fortune.",
        "It turns out the bridge was old.",
        "It is important to note that the bridge was old.",
        "Tom Roy declined to say when the bridge would open.",
        "Tom Roy refused to reveal who built the bridge.",
        "She went on to promote “order” in the town.",
        "Ana Brito left without saying that the bridge was old.",
        "The firm stopped Ana Brito from saying that the bridge was old.",
        "Ana Brito refrained from saying that the bridge was old.",
        "I found the film dull, and I said that the plot was late.",
        "Let's call it what it is: a bridge.",
        "Voters could be asked whether the bridge is safe.",
        "The way the plan is written suggests that nobody has read it.",
        "As the storm continues to grow, the bridge will close.",
        "Ana Brito urged residents to boil their water.",
    ],
)
def test_reporting_words_that_report_nothing(nlp, text: str) -> None:
    """Set phrases, refusals, requests, things that only suggest, and the writer's own words give no row."""
    assert read(nlp, text) == ()


@pytest.mark.parametrize(
    ("text", "quote"),
    [
        ("Tom Roy said the line was shut and trains were late.", "the line was shut and trains were late"),
        ("Tom Roy said the line was shut, and trains would be late.", "the line was shut, and trains would be late"),
        ("Tom Roy said it was shut, and the mayor of Penwick closed the road.", "it was shut"),
        ("Tom Roy said the police had found Ida Quist, who ran the mill.", "the police had found Ida Quist"),
        ("Tom Roy said the mill had sold the boat that ran aground.", "the mill had sold the boat that ran aground"),
    ],
)
def test_the_end_of_a_reported_clause(nlp, text: str, quote: str) -> None:
    """A clause ends before the writer's next main clause or remark; what may have been said stays."""
    assert read(nlp, text)[0].quote_text == quote


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Tom Roy was asked whether the bridge would close.", [("whether the bridge would close", None)]),
        (
            "Asked why the bridge was shut, Tom Roy said it was old.",
            [("why the bridge was shut", None), ("it was old", "Tom Roy")],
        ),
        ("Tom Roy, when asked about the bridge, said it was old.", [("it was old", "Tom Roy")]),
        ("Ana Brito asked whether the bridge would close.", [("whether the bridge would close", "Ana Brito")]),
    ],
)
def test_the_addressee_of_a_question_does_not_speak(nlp, text: str, found: list[tuple[str, str | None]]) -> None:
    """The addressee of a question is not its speaker."""
    assert [(quote.quote_text, quote.speaker_text) for quote in read(nlp, text)] == found


def test_a_reporting_verb_that_looks_like_a_noun(nlp) -> None:
    """ "States" after a quote and a noun is its cue."""
    [quote] = read(nlp, "“The school may not take part in the games,” the memo states.")
    assert (quote.speaker_text, quote.speaker_kind, quote.cue_text) == ("memo", "document", "states")


@pytest.mark.parametrize(
    ("before", "speaker"),
    [
        ("Ana Brito, who knows the harbour, came home on Monday.", "Ana Brito"),
        ("Ana Brito left after Tom Roy, who lost the vote, came back.", "Ana Brito"),
        ("The hall was full on Monday night.", None),
        ("Denmark lies on a wide bay.", None),
    ],
)
def test_a_statement_without_a_cue(nlp, before: str, speaker: str | None) -> None:
    """The subject of the main clause before a statement is its speaker if it is a person; no thing or place speaks."""
    [quote] = read(nlp, f"{before}\n\n“We are ready for a long and cold fight.”")
    assert (quote.speaker_text, quote.rule_id) == (speaker, "near_subject")


def test_the_answer_to_the_next_question(nlp) -> None:
    """Between two answers of one person, a question of the writer has no marks."""
    text = "“It was late and cold,” says Ana Brito.\n\nDid the mayor know?\n\n“Of course she knew all about the boat.”"
    assert [quote.speaker_text for quote in read(nlp, text)] == ["Ana Brito", "Ana Brito"]


def test_the_writer_is_an_author(nlp) -> None:
    """What the writer said in marks has a speaker of the kind author."""
    [quote] = read(nlp, "“Go home before it rains,” I said.")
    assert (quote.speaker_text, quote.speaker_name, quote.speaker_kind) == ("I", None, "author")


def test_the_fragments_of_one_clause_are_its_parts(nlp) -> None:
    """Three quoted strings with one cue are one quote with three parts."""
    [quote] = read(nlp, "Ana Brito promised “jobs”, “clean water” and “a road by spring”.")
    assert len(quote.quoted_spans) == 3


def test_the_outer_speaker_of_reported_words_is_the_speaker(nlp) -> None:
    """The speaker of another person's words is the person who reports them."""
    [quote] = read(nlp, "Ida Quist said that Tom Lee had called the plan “a curse on the town”.")
    assert quote.speaker_name == "Ida Quist"


def test_another_clause_after_a_quote_has_its_own_speaker(nlp) -> None:
    """ "..., while" after the marks leads to another speaker."""
    text = "Ida Quist called the sale “a waste of a harbour,” while her rival, Tom Lee, told reporters: “It was fair.”"
    assert [quote.speaker_name for quote in read(nlp, text)] == ["Ida Quist", "Tom Lee"]


def test_a_quote_around_its_cue_is_two_quotes(nlp) -> None:
    """The second half is a quote of its own, although it begins in lower case."""
    quotes = read(nlp, "“I was wrong about it,” admits Ida Quist, “but so was Tom Lee.”")
    assert [quote.quote_text for quote in quotes] == ["“I was wrong about it,”", "“but so was Tom Lee.”"]


def test_a_negated_verb_after_a_quote_is_not_its_cue(nlp) -> None:
    """A negated verb after the marks reports nothing."""
    [quote] = read(nlp, "Tom Lee, whom Ida Quist has called “a fraud,” did not reply.")
    assert quote.speaker_name == "Ida Quist"


def test_a_title_in_marks_does_not_end_a_reported_clause(nlp) -> None:
    """A clause that contains the title of a work is still reported."""
    [quote] = read(nlp, "Ida Quist said the ferry would show “The Long Road” on Friday.")
    assert quote.quote_text == "the ferry would show “The Long Road” on Friday"


def test_adjacent_fragments_are_one_quote(nlp) -> None:
    """Two names that somebody gives one person are the parts of one quote."""
    [quote] = read(nlp, "Ida Quist disagreed, calling him “a fool” and “a crook”.")
    assert (quote.quote_text, len(quote.quoted_spans)) == ("“a fool” and “a crook”", 2)


def test_the_medium_of_a_writer(nlp) -> None:
    """The publication somebody writes in is the medium, never the speaker."""
    [quote] = read(nlp, "Max Hill, writing in the Courier, said the police were slow.")
    assert (quote.speaker_name, quote.medium_text) == ("Max Hill", "the Courier")


def test_a_missing_closing_mark_is_recorded(nlp) -> None:
    """A quote without a closing mark ends with its paragraph, and the row records it."""
    quotes = read(nlp, "Ida Quist said: “It was late\n\nThen she left. “Why?” asked Tom Lee.")
    assert [(quote.quote_text, quote.is_closed) for quote in quotes] == [("“It was late", False), ("“Why?”", True)]


def test_a_statement_over_paragraphs_is_one_quote(nlp) -> None:
    """Several paragraphs that open with a mark, of which only the last closes, are one quote of one speaker."""
    [quote] = read(nlp, "Ida Quist said: “One boat sank.\n\n“Then two.\n\n“Then all of them.”\n\nTom Lee left.")
    assert (quote.speaker_name, quote.quote_type, len(quote.quoted_spans), quote.is_closed) == (
        "Ida Quist",
        "direct",
        3,
        True,
    )


def test_a_participle_belongs_to_the_reporting_subject(nlp) -> None:
    """The speaker of "..., calling it" after a reported clause is its reporter, not the subject of the clause."""
    quotes = read(nlp, "Ida Quist said the board had refused, calling it “a waste of a long evening”.")
    assert [quote.speaker_text for quote in quotes] == ["Ida Quist", "Ida Quist"]


def test_a_fragment_includes_its_clause(nlp) -> None:
    """A mixed quote is the reported clause, cut at the next main verb."""
    [quote] = read(nlp, "Tom Roy said the bridge was “a disgrace” and should be shut, but he welcomed the vote.")
    assert (quote.quote_type, quote.quote_text) == ("mixed", "the bridge was “a disgrace” and should be shut")


def test_a_fragment_in_a_clause_before_its_cue(nlp) -> None:
    """A fragment belongs to the cue at the end of its sentence."""
    [quote] = read(nlp, "The bridge, which the board calls safe, is an “iron trap” for birds, Eva Lind writes.")
    assert (quote.speaker_text, quote.quote_type) == ("Eva Lind", "mixed")


def test_the_speaker_is_carried_over(nlp) -> None:
    """Inside a paragraph, and in a following paragraph wholly in marks, the speaker of the previous quote continues."""
    text = "“It failed,” Eva Lind said. “We knew it would.”\n\n“Nobody in the town hall listened to us.”"
    assert [quote.speaker_text for quote in read(nlp, text)] == ["Eva Lind"] * 3


def test_a_colon_ends_the_carried_speaker(nlp) -> None:
    """After a colon the previous speaker is not carried over."""
    text = "“It failed,” Eva Lind said. Later on the pier: “Nobody listened to us.”"
    assert [quote.speaker_text for quote in read(nlp, text)][:1] == ["Eva Lind"]
    assert "Eva Lind" not in [quote.speaker_text for quote in read(nlp, text)][1:]


@pytest.mark.parametrize(
    ("text", "speaker", "kind", "role"),
    [
        (
            "“The line is safe,” a spokeswoman for the operator said.",
            "a spokeswoman for the operator",
            "unnamed",
            "spokeswoman for the operator",
        ),
        ("Officials said the line was safe.", "Officials", "unnamed", "Officials"),
        (
            "People familiar with the matter said the line was safe.",
            "People familiar with the matter",
            "unnamed",
            None,
        ),
        ("The company said the line was safe.", "The company", "organisation", None),
        ("The letter said the fund was empty.", "The letter", "document", None),
        ("Figures show the fund was empty in June.", "Figures", "document", None),
    ],
)
def test_speakers_without_a_name(nlp, text: str, speaker: str, kind: str, role: str | None) -> None:
    """Unnamed sources keep the thing they speak for; organisations and documents are speakers too."""
    [quote] = read(nlp, text)
    assert (quote.speaker_text, quote.speaker_kind, quote.speaker_role) == (speaker, kind, role)


def test_a_pronoun_refers_to_the_speaker_before_it(nlp) -> None:
    """A pronoun after a quote refers to its speaker, unless the gender differs or a name intervenes."""
    named = "Ana Brito opened the hearing.\n\n"
    for second, names in [
        ("“He is six,” she added.", [None, None]),
        ("Ana Brito left. “I will not stay,” she said.", [None, "Ana Brito"]),
    ]:
        text = f"{named}One mother, who gave no name, said her son was “always cold”.\n\n{second}"
        assert [quote.speaker_name for quote in read(nlp, text)] == names
    ward = "Judge Ruth Kane was firm. She fined him.\n\nJill Ward, an officer, said: “We are glad.”"
    assert [quote.speaker_name for quote in read(nlp, f"{ward}\n\n“It was hard,” she added.")] == ["Jill Ward"] * 2
    [_, his] = read(nlp, f"Tom Lee left.\n\n{named}A spokeswoman said it was “cold”.\n\n“I froze,” he said.")
    assert (his.speaker_text, his.speaker_kind) == ("he", "person")


def test_an_interview_in_print(nlp) -> None:
    """Paragraphs that begin with a name and a colon are that person's words."""
    text = "Ana Brito: We are ready.\n\nTom Roy: Why is that so?\n\nAna Brito: Because nobody asked us."
    quotes = read(nlp, text)
    assert [quote.speaker_name for quote in quotes] == ["Ana Brito", "Tom Roy", "Ana Brito"]
    assert quotes[1].quote_text == "Why is that so?"


def test_a_transcript_with_names_in_capitals(nlp) -> None:
    """A label in capitals with several turns is a speaker, also of the quotes inside its turns."""
    text = "QUIST: Is it cold?\n\nZWOL: Very cold. Mr Lee said “no”.\n\nQUIST: And now?\n\nZWOL: Colder."
    assert [quote.speaker_text for quote in read(nlp, text)] == ["QUIST", "ZWOL", "QUIST", "ZWOL"]
    assert read(nlp, "WHEN: Monday.\n\nWHERE: The old pier.\n\nWHAT: A swim in the cold sea.") == ()


def test_sentences_of_one_word_are_not_a_title(nlp) -> None:
    """Short sentences after a quote continue it, although all their words are capitalised."""
    assert [quote.quote_text for quote in read(nlp, "“They have none,” Ida Quist said. “Zero. Zilch.”")][1:] == [
        "“Zero. Zilch.”"
    ]


def test_questions_and_answers(nlp) -> None:
    """ "Q:" and "A:" begin turns; they do not name a speaker, so the speaker is null."""
    text = "Q: When did you start?\n\nA: At the age of ten.\n\nQ: Why so early?\n\nA: It was “fun”, mostly."
    quotes = read(nlp, text)
    assert [quote.quote_text for quote in quotes][::3] == ["When did you start?", "It was “fun”, mostly."]
    assert {quote.speaker_text for quote in quotes} == {None}


def test_single_marks_with_double_ones_inside(nlp) -> None:
    """If single marks close the speech, double ones inside belong to it."""
    quotes = read(nlp, "‘We lost the key,’ said Ana Brito. ‘He said “no” to me twice.’")
    assert [quote.quote_text for quote in quotes] == ["‘We lost the key,’", "‘He said “no” to me twice.’"]


def test_a_statement_after_a_full_stop_needs_no_speaker(nlp) -> None:
    """A whole sentence in marks is somebody's words if nobody is near; a title or a phrase is not."""
    said = "“There are many things that we can still do to save the boats of the port.”"
    [quote] = read(nlp, f"The second reason is the weather. {said}")
    assert (quote.quote_text, quote.speaker_text) == (said, None)
    assert read(nlp, "The second reason is the weather. “The boats of the port” is old.") == ()
