"""Compare the annotation of a whole article with what a careful coder wrote down: counts by article, and their ratios.

A prediction is the object that `newslake annotate` writes, a gold annotation one line of `corpus/`. Names match by
their words, quotes by characters, events by their triggers, as the docstrings say. The matches are those of the
development sets' scorer, so that the figures can be compared.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tests.quality.whole.vocabularies import PLOVER_TYPES

Counts = Counter[str]
Row = Mapping[str, Any]
MISS_TOPICS = ("persons", "quotes", "speakers", "events", "main")
# A plan to do something is coded as an agreement to do it, or as the act: both are right.
_AS_PLAN = {"CONSULT": "AGREE", "SUPPORT": "AGREE", "COOPERATE": "AGREE", "AID": "AGREE", "RETREAT": "CONCEDE"}
_STOP_WORDS = frozenset(
    ["the", "a", "an", "of", "and", "mr", "mrs", "ms", "dr", "sir", "its", "his", "her", "their", "in", "on", "for"]
)


class Ratio(NamedTuple):
    """A figure: one count divided by another."""

    name: str
    right: str
    total: str


RATIOS = (
    Ratio("persons P", "persons right", "persons rows"),
    Ratio("persons R", "persons hit", "persons gold"),
    Ratio("whole name", "persons whole", "persons right"),
    Ratio("quotes P", "quotes right", "quotes rows"),
    Ratio("quotes R", "quotes hit", "quotes gold"),
    Ratio("speaker right or rightly null", "speakers right", "speakers"),
    Ratio("speaker found", "speakers hit", "speakers gold"),
    Ratio("speaker kind", "kinds right", "kinds"),
    Ratio("events P loose", "events loose", "events rows"),
    Ratio("events P", "events right", "events rows"),
    Ratio("events R", "events hit", "events gold"),
    Ratio("modality", "modalities right", "events right"),
    Ratio("actor", "actors right", "actors"),
    Ratio("recipient", "recipients right", "recipients"),
    Ratio("date right or rightly null", "days right", "events right"),
    Ratio("stated days found", "stated days hit", "stated days"),
    Ratio("filled days right", "filled days right", "filled days"),
    Ratio("filled places right", "filled places right", "filled places"),
    Ratio("main event named", "main named", "main events"),
    Ratio("main event's day", "main days right", "main days"),
)


@dataclass(slots=True)
class ArticleScore:
    """The counts of an article; ``misses`` by topic; ``judged`` rows."""

    doc_id: str
    counts: Counts = field(default_factory=Counter)
    misses: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    judged: list["JudgedRow"] = field(default_factory=list)


class JudgedRow(NamedTuple):
    """A row of a prediction, and whether it is right: a quote by its speaker or candidate, an event by its type."""

    table: str
    row: Row
    is_right: bool


def score_article(gold: Row, prediction: Row, text: str) -> ArticleScore:
    """Return what is right, wrong and missing in the prediction of one article."""
    score = ArticleScore(gold["doc_id"])
    _score_persons(score, gold["persons"], prediction)
    _score_quotes(score, gold["quotes"], prediction.get("quotes") or [], text)
    _score_events(score, gold["events"], prediction.get("events") or [], text)
    return score


def percent(counts: Counts, ratio: Ratio) -> float | None:
    """Return a figure in percent; None if nothing was counted."""
    return 100 * counts[ratio.right] / counts[ratio.total] if counts[ratio.total] else None


# Names match if the final word of each is in the other, or if they share half of the words of the shorter one.


def words_of(name: str | None) -> list[str]:
    return [word for word in re.findall(r"[^\W_]+", (name or "").casefold()) if word not in _STOP_WORDS]


def is_same_name(gold: str, row: str) -> bool:
    """Return whether two names, or descriptions, mean the same."""
    left, right = words_of(gold), words_of(row)
    if not left or not right:
        return False
    shared, size = len({*left} & {*right}), min(len({*left}), len({*right}))
    return (left[-1] in right and right[-1] in left) or shared >= max(1, size / 2)


def _is_form_of(name: str, form: str, full: str) -> bool:
    if words_of(form) == words_of(name):
        return True
    return is_same_name(form, name) and {*words_of(name)} <= {*words_of(full)} | {*words_of(form)}


# Persons: clusters of PERSON names.


def _names_of_clusters(prediction: Row) -> list[str]:
    clusters: dict[object, list[Row]] = defaultdict(list)
    for mention in prediction.get("mentions") or []:
        if mention.get("label") == "PERSON" and mention.get("kind") == "name":
            clusters[mention.get("entity_id") or (mention["start"], mention["end"])].append(mention)
    return [
        next((mention["entity_name"] for mention in mentions if mention.get("entity_name")), mentions[0]["text"])
        for mentions in clusters.values()
    ]


def _score_persons(score: ArticleScore, gold: Sequence[Row], prediction: Row) -> None:
    counts, hit = score.counts, set()
    for name in _names_of_clusters(prediction):
        counts["persons rows"] += 1
        place = next((place for place, person in enumerate(gold) if _is_person(person, name)), None)
        if place is None:
            score.misses["persons"].append(f"no person: {name}")
            continue
        hit.add(place)
        counts["persons right"] += 1
        counts["persons whole"] += words_of(gold[place]["name"]) == words_of(name)
    counts["persons gold"] += len(gold)
    counts["persons hit"] += len(hit)
    score.misses["persons"] += [f"missed: {person['name']}" for place, person in enumerate(gold) if place not in hit]


def _is_person(person: Row, name: str) -> bool:
    return any(_is_form_of(name, form, person["name"]) for form in (person["name"], *person.get("aliases", ())))


# Quotes: two spans match if they share half of the characters of the shorter one.

Span = tuple[int, int]


def _share(left: Span, right: Span) -> float:
    shared = min(left[1], right[1]) - max(left[0], right[0])
    return shared / max(1, min(left[1] - left[0], right[1] - right[0]))


def _span(row: Row) -> Span:
    return row["start"], row["end"]


def match_quotes(gold: Sequence[Row], rows: Sequence[Row]) -> tuple[dict[int, int], set[int]]:
    """Return the row of each gold quote, by place, and the rows that are no false ones.

    The best match comes first. A second piece of one statement is no false row.
    """
    pairs = sorted(
        (
            (_share(_span(want), _span(row)), min(want["end"], row["end"]) - max(want["start"], row["start"]), i, j)
            for i, want in enumerate(gold)
            for j, row in enumerate(rows)
        ),
        reverse=True,
    )
    matched: dict[int, int] = {}
    taken: set[int] = set()
    for share, _, i, j in pairs:
        if share < 0.5:
            break
        if i in matched:
            taken.add(j)
        elif j not in taken:
            matched[i] = j
            taken.add(j)
    return matched, taken


def _score_quotes(score: ArticleScore, gold: Sequence[Row], rows: Sequence[Row], text: str) -> None:
    matched, taken = match_quotes(gold, rows)
    for i, j in matched.items():
        _score_speaker(score, gold[i], rows[j], text)
    counts = score.counts
    counts["quotes gold"] += len(gold)
    counts["quotes rows"] += len(rows)
    counts["quotes hit"] += len(matched)
    counts["quotes right"] += len(taken)
    missed = [f"missed {quote['type']}: {_shown(text, quote)}" for i, quote in enumerate(gold) if i not in matched]
    false = [row for j, row in enumerate(rows) if j not in taken]
    score.misses["quotes"] += [*missed, *(f"false: {_shown(text, row)}" for row in false)]
    score.judged += [JudgedRow("quotes", row, is_right=False) for row in false]


def _score_speaker(score: ArticleScore, want: Row, row: Row, text: str) -> None:
    """Count a speaker as right if a co-speaker's name matches the row's name or words, or both say nobody."""
    counts, speaker = score.counts, want["speaker"]
    if speaker is None:
        is_right = not row.get("speaker_name")
    else:
        names = [name for name in (row.get("speaker_name"), row.get("speaker_text")) if name]
        is_right = _is_named_by(names, speaker)
        counts["speakers gold"] += 1
        counts["speakers hit"] += is_right
    counts["speakers"] += 1
    counts["speakers right"] += is_right
    if row.get("speaker_kind"):
        counts["kinds"] += 1
        counts["kinds right"] += row["speaker_kind"] == want["kind"]
    if not is_right:
        got = row.get("speaker_name") or row.get("speaker_text")
        score.misses["speakers"].append(f"{_shown(text, want)}: gold {speaker}, row {got}")
    candidate = row.get("speaker_candidate")
    is_likely = is_right if candidate is None else _is_named_by([candidate], speaker)
    score.judged.append(JudgedRow("quotes", row, is_right=is_likely))


def _is_named_by(names: Iterable[str], speaker: str | None) -> bool:
    return speaker is not None and any(is_same_name(part, name) for part in speaker.split(" and ") for name in names)


def _shown(text: str, row: Row) -> str:
    return repr(text[row["start"] : row["end"]][:80])


# Events: a row is right if a mention of a gold event touches its trigger and the types agree.


def _trigger(row: Row) -> Span:
    start = row["trigger_start"]
    return start, start + max(1, len(row.get("trigger_text") or "x"))


def _named_by(row: Row, gold: Sequence[Row]) -> list[int]:
    span = _trigger(row)
    return [i for i, want in enumerate(gold) for mention in want["mentions"] if _share(_span(mention), span) > 0]


def _has_type(row: Row, want: Row) -> bool:
    kind = row["event_type"]
    return kind == want["type"] or (row.get("modality") == "planned" and _AS_PLAN.get(kind) == want["type"])


def _score_events(score: ArticleScore, gold: Sequence[Row], rows: Sequence[Row], text: str) -> None:
    rows = [row for row in rows if row.get("trigger_start") is not None]
    counts, hit = score.counts, set()
    for row in (row for row in rows if row.get("event_type") in PLOVER_TYPES):
        named = _named_by(row, gold)
        counts["events rows"] += 1
        counts["events loose"] += bool(named)
        right = next((i for i in named if _has_type(row, gold[i])), None)
        score.judged.append(JudgedRow("events", row, is_right=right is not None))
        if right is None:
            types = [gold[i]["type"] for i in named]
            score.misses["events"].append(f"false {row['event_type']}, gold {types}: {_around(text, _trigger(row))}")
        else:
            hit.add(right)
            _score_event(counts, gold[right], row)
    typed = [i for i, want in enumerate(gold) if want["type"] in PLOVER_TYPES]
    counts["events gold"] += len(typed)
    counts["events hit"] += sum(i in hit for i in typed)
    score.misses["events"] += [f"missed {_described(text, gold[i])}" for i in typed if i not in hit]
    _score_main_event(score, gold, rows, text)


def _score_event(counts: Counts, want: Row, row: Row) -> None:
    counts["events right"] += 1
    counts["modalities right"] += row.get("modality") == want["modality"]
    for key, side in (("actor", "source"), ("recipient", "target")):
        names = [*_as_list(row.get(f"{side}_text")), *_as_list(row.get(f"{side}_name"))]
        if want[key]:
            counts[f"{key}s"] += 1
            counts[f"{key}s right"] += any(_is_participant(one, name) for one in want[key] for name in names)
    _score_day(counts, want["date"] or "", (row.get("date") or "")[:10])
    if row.get("location"):
        counts["filled places"] += 1
        counts["filled places right"] += bool({*words_of(want["place"])} & {*words_of(row["location"])})


def _score_day(counts: Counts, gold: str, day: str) -> None:
    """Count a day; a month or a year matches the days in it."""
    agrees = bool(gold and day) and (day.startswith(gold) or gold.startswith(day))
    counts["days right"] += gold == day or agrees
    counts["stated days"] += bool(gold)
    counts["stated days hit"] += agrees
    counts["filled days"] += bool(day)
    counts["filled days right"] += agrees


def _is_participant(gold: str, name: str) -> bool:
    return is_same_name(gold, name) or bool({*words_of(gold)} & {*words_of(name)})


def _as_list(value: object) -> list[str]:
    return value if isinstance(value, list) else [str(value)] if value else []


def _score_main_event(score: ArticleScore, gold: Sequence[Row], rows: Iterable[Row], text: str) -> None:
    """Count the main event as named if a row with a type, OTHER included, has a trigger of it."""
    main = next((i for i, want in enumerate(gold) if want.get("main")), None)
    if main is None:
        return
    want, counts = gold[main], score.counts
    named = [row for row in rows if row.get("event_type") and main in _named_by(row, gold)]
    counts["main events"] += 1
    counts["main named"] += bool(named)
    if not named:
        score.misses["main"].append(_described(text, want))
    if want["date"]:
        counts["main days"] += 1
        counts["main days right"] += any((row.get("date") or "")[:10] == want["date"] for row in named)


def _described(text: str, want: Row) -> str:
    triggers = [text[mention["start"] : mention["end"]] for mention in want["mentions"]]
    return f"{want['type']} {triggers}: {_around(text, _span(want['mentions'][0]))}"


def _around(text: str, span: Span) -> str:
    return repr(text[max(0, span[0] - 50) : span[1] + 40])
