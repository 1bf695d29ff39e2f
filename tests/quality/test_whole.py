"""The measure on whole articles: gold scores 100, each mistake lowers its own figure, and drafts are checked."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

import pytest

from tests.quality.whole.agreement import agreement, equal_values, prediction_of
from tests.quality.whole.annotations import problems_of, read_annotations
from tests.quality.whole.drafts import compile_draft
from tests.quality.whole.measure import ANNOTATIONS, score_part
from tests.quality.whole.report import calibration, estimates, families, fold_of
from tests.quality.whole.scores import RATIOS, ArticleScore, JudgedRow, percent, score_article

TEXT = (
    "Police arrested Ada Holm in Bergen on Monday. “I did nothing,” Holm said. Her lawyer Tom Vik said that the police "
    "acted too early. Vik will meet the minister."
)
DRAFT: Mapping[str, Any] = {
    "kind": "news report",
    "topic": "crime, law and justice",
    "persons": [
        {"name": "Ada Holm", "aliases": ["Holm"], "gender": "F", "role": None, "country": None},
        {"name": "Tom Vik", "aliases": ["Vik"], "gender": "U", "role": "lawyer", "country": None},
    ],
    "quotes": [
        {"from": "“I did", "to": "nothing,”", "type": "direct", "speaker": "Ada Holm", "kind": "person", "cue": "said"},
        {"from": "the police", "to": "too early", "type": "indirect", "speaker": "Tom Vik", "kind": "person"},
    ],
    "events": [
        {
            "type": "COERCE",
            "mentions": ["arrested"],
            "actor": ["Police"],
            "recipient": ["Ada Holm"],
            "modality": "happened",
            "date": "2026-03-02",
            "place": "Bergen",
            "main": True,
        },
        {
            "type": "CONSULT",
            "mentions": [{"in": "will meet", "trigger": "meet"}],
            "actor": ["Tom Vik"],
            "recipient": ["the minister"],
            "modality": "planned",
            "date": None,
            "place": None,
            "main": False,
        },
    ],
}
DOCUMENT = {"doc_id": "a", "text": TEXT}
GOLD, _ = compile_draft(DOCUMENT, DRAFT)


def figures_of(prediction: Mapping[str, Any]) -> dict[str, float | None]:
    """Return the figures of a prediction of the article."""
    score = score_article(GOLD, prediction, TEXT)
    return {ratio.name: percent(score.counts, ratio) for ratio in RATIOS}


def changed(change: Callable[[dict[str, Any]], object]) -> set[str]:
    """Return the figures under 100 after a change of the perfect prediction."""
    prediction = deepcopy(prediction_of(GOLD))
    change(prediction)
    return {name for name, value in figures_of(prediction).items() if value is not None and value < 100}


def test_the_gold_itself_scores_100() -> None:
    """Gold as a prediction of itself scores 100 in every figure."""
    assert set(figures_of(prediction_of(GOLD)).values()) == {100.0}


MISTAKES: Mapping[str, tuple[Callable[[dict[str, Any]], object], set[str]]] = {
    "a person is missing": (lambda row: row["mentions"].pop(), {"persons R"}),
    "a person too many": (
        lambda row: row["mentions"].append(
            {"label": "PERSON", "kind": "name", "entity_id": "x", "entity_name": "Oslo Bank", "text": "x"}
        ),
        {"persons P"},
    ),
    "half of a name": (lambda row: row["mentions"][0].update(entity_name="Holm"), {"whole name"}),
    "a quote is missing": (lambda row: row["quotes"].pop(), {"quotes R"}),
    "a quote too many": (lambda row: row["quotes"].append({"start": 0, "end": 15}), {"quotes P"}),
    "a wrong speaker": (
        lambda row: row["quotes"][0].update(speaker_name="Tom Vik"),
        {"speaker right or rightly null", "speaker found"},
    ),
    "no speaker": (
        lambda row: row["quotes"][0].update(speaker_name=None),
        {"speaker right or rightly null", "speaker found"},
    ),
    "a wrong kind of speaker": (lambda row: row["quotes"][0].update(speaker_kind="unnamed"), {"speaker kind"}),
    "an event is missing": (lambda row: row["events"].pop(), {"events R"}),
    "an event too many": (
        lambda row: row["events"].append({"event_type": "ASSAULT", "trigger_start": 60, "trigger_text": "nothing"}),
        {"events P", "events P loose"},
    ),
    "a wrong type": (lambda row: row["events"][0].update(event_type="ASSAULT"), {"events P", "events R"}),
    "a wrong modality": (lambda row: row["events"][0].update(modality="negated"), {"modality"}),
    "a wrong actor": (lambda row: row["events"][0].update(source_text=["the bank"]), {"actor"}),
    "a wrong recipient": (lambda row: row["events"][0].update(target_text=["the bank"]), {"recipient"}),
    "a wrong day": (
        lambda row: row["events"][0].update(date="2026-03-03"),
        {"date right or rightly null", "stated days found", "filled days right", "main event's day"},
    ),
    "no day": (
        lambda row: row["events"][0].update(date=None),
        {"date right or rightly null", "stated days found", "main event's day"},
    ),
    "a wrong place": (lambda row: row["events"][0].update(location="Oslo"), {"filled places right"}),
    "no main event": (
        lambda row: row["events"].pop(0),
        {"events R", "main event named", "main event's day"},
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_lowers_its_own_figures_alone(name: str) -> None:
    """Each mistake lowers the figures that measure it, and no other."""
    change, lowered = MISTAKES[name]
    assert changed(change) == lowered


def test_a_speaker_may_be_one_of_two_who_speak_together() -> None:
    """One of two co-speakers is a right speaker."""
    gold = {**GOLD, "quotes": [{**GOLD["quotes"][0], "speaker": "Ada Holm and Tom Vik"}]}
    score = score_article(gold, {"quotes": [{**gold["quotes"][0], "speaker_name": "Vik"}]}, TEXT)
    assert score.counts["speakers right"] == 1


def test_a_speaker_is_rightly_null_where_the_text_names_nobody() -> None:
    """No speaker is right where gold has none, and is not counted as found."""
    gold = {**GOLD, "quotes": [{**GOLD["quotes"][0], "speaker": None}]}
    score = score_article(gold, {"quotes": [{**gold["quotes"][0], "speaker_name": None}]}, TEXT)
    assert (score.counts["speakers right"], score.counts["speakers gold"]) == (1, 0)


def test_a_month_matches_a_day_in_it() -> None:
    """A month is right for a day in it."""
    events = prediction_of(GOLD)["events"]
    score = score_article(GOLD, {"events": [{**events[0], "date": "2026-03"}]}, TEXT)
    assert score.counts["filled days right"] == 1


def test_a_planned_meeting_is_also_an_agreement_to_meet() -> None:
    """A planned meeting matches an agreement to meet; one that happened does not."""
    row = {"event_type": "CONSULT", "modality": "planned", "trigger_text": "meet", "trigger_start": TEXT.index("meet")}
    gold = {**GOLD, "events": [{**GOLD["events"][1], "type": "AGREE"}]}
    assert score_article(gold, {"events": [row]}, TEXT).counts["events right"] == 1
    assert score_article(gold, {"events": [{**row, "modality": "happened"}]}, TEXT).counts["events right"] == 0


def test_a_draft_becomes_offsets_of_its_words() -> None:
    """A draft becomes the offsets of its words, without problems."""
    annotation, problems = compile_draft(DOCUMENT, DRAFT)
    assert problems == []
    assert [TEXT[row["start"] : row["end"]] for row in annotation["quotes"]] == [
        "“I did nothing,”",
        "the police acted too early",
    ]
    triggers = [mention for event in annotation["events"] for mention in event["mentions"]]
    assert [TEXT[row["start"] : row["end"]] for row in triggers] == ["arrested", "meet"]


WRONG_DRAFTS: Mapping[str, tuple[dict[str, Any], str]] = {
    "words that the text has not": (
        {"quotes": [{**DRAFT["quotes"][0], "to": "something,”"}]},
        "quote 1: the text has no 'something,”' (number 1, from offset 46)",
    ),
    "a trigger that occurs twice": (
        {"events": [{**DRAFT["events"][0], "mentions": ["said"]}]},
        "event 1: the text has 'said' 2 times: give a longer phrase for 'said'",
    ),
    "a pronoun as a speaker": (
        {"quotes": [{**DRAFT["quotes"][0], "speaker": "she"}]},
        "quote at 46: its speaker is the pronoun 'she': give the name, or null",
    ),
    "a speaker who is no person of the draft": (
        {"quotes": [{**DRAFT["quotes"][0], "speaker": "Ada Vik"}]},
        "quote at 46: its speaker 'Ada Vik' is of kind person, but not in persons",
    ),
    "two main events": (
        {"events": [{**event, "main": True} for event in DRAFT["events"]]},
        "several events are main",
    ),
    "a key is missing": ({"persons": [{"name": "Ada Holm"}], "quotes": []}, "person 1: it has no key 'aliases'"),
}


@pytest.mark.parametrize("name", WRONG_DRAFTS)
def test_a_problem_of_a_draft_is_said(name: str) -> None:
    """The check of a draft names the item and the problem."""
    change, problem = WRONG_DRAFTS[name]
    assert compile_draft(DOCUMENT, {**DRAFT, **change})[1] == [problem]


def test_a_value_outside_of_its_vocabulary_is_said() -> None:
    """A value outside its vocabulary is a problem, with the values that are allowed."""
    (problem,) = compile_draft(DOCUMENT, {**DRAFT, "topic": "crime"})[1]
    assert problem.startswith("topic is 'crime': use one of arts, culture")


def test_an_annotation_of_another_text_is_said() -> None:
    """An annotation of another text is one problem, and nothing else is checked."""
    assert list(problems_of(GOLD, TEXT + " ")) == ["the text is another one: its SHA-256 differs"]


def test_a_folder_with_another_text_is_not_measured() -> None:
    """A folder whose text has another digest is not measured."""
    with pytest.raises(ValueError, match="a: the folder has no text with the digest of its annotation"):
        list(score_part({"a": GOLD}, {"a": {"text": "Another text."}}))


def test_a_part_is_scored_by_what_annotate_writes() -> None:
    """A part is scored by the rows that `newslake annotate` writes for its texts."""
    (score,) = score_part({"a": GOLD}, {"a": {**DOCUMENT, "title": None, "published_at": "2026-03-03"}})
    assert (score.counts["persons hit"], score.counts["quotes hit"], score.counts["speakers right"]) == (2, 2, 2)


def test_coders_who_write_the_same_agree_wholly() -> None:
    """Two equal codings agree in every figure; another kind of article is counted as another."""
    (score,) = agreement({"a": GOLD}, {"a": GOLD})
    assert {percent(score.counts, ratio) for ratio in RATIOS} == {100.0}
    assert equal_values({"a": GOLD}, {"a": {**GOLD, "kind": "opinion"}}) == {
        "kind": (0, 1),
        "topic": (1, 1),
        "gender": (2, 2),
        "country": (2, 2),
    }


def _article(doc_id: str, right: int, rows: int) -> ArticleScore:
    score = ArticleScore(doc_id)
    score.counts.update({"events right": right, "events rows": rows})
    judged = [{"event_type": "COERCE", "confidence": 0.9 if place < right else 0.2} for place in range(rows)]
    score.judged += [JudgedRow("events", row, is_right=place < right) for place, row in enumerate(judged)]
    return score


def test_an_interval_comes_from_samples_of_articles() -> None:
    """Articles that are alike have an interval of no width, others a wide one."""
    alike = estimates([_article(str(number), 5, 10) for number in range(20)])["events P"]
    assert (alike.percent, alike.low, alike.high, alike.total) == (50, 50, 50, 200)
    unlike = estimates([_article(str(number), number % 2, 1) for number in range(20)])["events P"]
    assert unlike.percent == 50
    assert 20 < unlike.low < 40
    assert 60 < unlike.high < 80


def test_a_family_counts_its_rows_by_fold() -> None:
    """A family has its right rows and all its rows, in the fold of the article."""
    (family,) = [each for each in families([_article("a", 3, 4)]) if each.name == "event type"]
    assert (family.value, family.right, family.total) == ("COERCE", 3, 4)
    assert family.folds[fold_of("a")] == (3, 4)


def test_the_error_of_a_confidence_is_its_distance_from_the_share_of_right_rows() -> None:
    """The calibration error is the distance of each bin from its share of right rows."""
    found = calibration([_article("a", 5, 10)], "events")
    assert (round(found.error, 6), found.halves, found.total) == (15, (0, 100), 10)


@pytest.mark.parametrize("part", ["tune", "believe", "sealed"])
def test_each_part_has_annotations_of_other_articles_without_sentences(part: str) -> None:
    """The parts share no article, and no annotation has a sentence of a text."""
    rows = read_annotations(ANNOTATIONS, part)
    others = {
        doc_id for other in {"tune", "believe", "sealed"} - {part} for doc_id in read_annotations(ANNOTATIONS, other)
    }
    assert rows
    assert not rows.keys() & others
    assert max(len(string.split()) for row in rows.values() for string in strings_of(row)) <= 15


def strings_of(value: object) -> list[str]:
    """Return all strings of a JSON value."""
    if isinstance(value, str):
        return [value]
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [string for child in children for string in strings_of(child)]
