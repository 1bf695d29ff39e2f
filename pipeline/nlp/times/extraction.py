"""Time expressions of an article: their spans and, relative to the published day, their dates."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from spacy.attrs import LOWER
from spacy.tokens import Doc, Token

from pipeline.model import Article, Entity, TimeExpression
from pipeline.nlp.languages.spec_events import HasTimes, TimeData
from pipeline.nlp.times.normalization import read_time
from pipeline.nlp.times.values import Tense, TimeContext, reference_date

_REACH = 7  # tokens on each side of an anchor word that its expression may include
_NO_NAME = frozenset({"DATE", "TIME", "NORP", "CARDINAL", "ORDINAL", "QUANTITY", "PERCENT", "MONEY"})
_HEADLINES = frozenset({"title", "standfirst", "caption", "heading"})
_DEEPEST = 8  # governors from an expression to its verb


@dataclass(frozen=True, slots=True)
class TimeMatch:
    """A span matched as a time. Offsets are those of the text; ``parts`` are the named groups, in lower case."""

    start: int
    end: int
    reading: str
    parts: Mapping[str, str]


def find_times(
    doc: Doc, article: Article, entities: tuple[Entity, ...], language: HasTimes
) -> tuple[TimeExpression, ...]:
    """Return the time expressions in reading order and without overlaps.

    Without ``article.published_at`` only explicit dates have days; the others keep their text.
    """
    times, text = language.times, _lower(article.text)
    names = [e for e in entities if e.mention_kind == "name" and e.entity_type not in _NO_NAME]
    surnames = {e.entity_text.split()[-1].lower() for e in names if e.entity_type == "PERSON"}
    starts = [block.start for block in article.blocks]
    anchor = reference_date(article)
    found: list[TimeExpression] = []
    for match in _find_matches(text, _stretches(doc, times), times):
        token = _token_at(doc, match)
        if token is None or _is_name(match, names) or _is_other_word(doc, token, match, surnames, times):
            continue
        at = bisect_right(starts, match.start) - 1
        tense = _tense(token, times, is_headline=at >= 0 and article.blocks[at].kind in _HEADLINES)
        reading = read_time(match.reading, match.parts, TimeContext(anchor, tense, times))
        if reading is not None:
            found.append(
                TimeExpression(
                    timex_type=reading.timex_type,
                    timex_text=article.text[match.start : match.end],
                    start_char=match.start,
                    end_char=match.end,
                    value=reading.value,
                    first_day=reading.first,
                    last_day=reading.last,
                    precision=reading.precision,
                    basis=reading.basis,
                )
            )
    return tuple(found)


def _lower(text: str) -> str:
    lowered = text.lower()
    if len(lowered) == len(text):
        return lowered
    return "".join(low if len(low := char.lower()) == 1 else char for char in text)


def _stretches(doc: Doc, times: TimeData) -> Iterator[tuple[int, int]]:
    """Yield the spans around anchor words and numbers that look like a time or a year, as character offsets."""
    ids = doc.to_array([LOWER])
    unique = np.unique(ids)
    wanted = [key for key in unique.tolist() if _is_anchor(doc.vocab.strings[key], times)]
    hits = np.flatnonzero(np.isin(ids, np.array(wanted, dtype=ids.dtype))).tolist()
    last = -1
    first = 0
    for hit in hits:
        if last >= 0 and hit - _REACH > last:
            yield doc[first].idx, doc[last].idx + len(doc[last])
            last = -1
        first = max(hit - _REACH, 0) if last < 0 else first
        last = min(hit + _REACH, len(doc) - 1)
    if last >= 0:
        yield doc[first].idx, doc[last].idx + len(doc[last])


def _is_anchor(word: str, times: TimeData) -> bool:
    if word in times.anchors:
        return True
    if word[:1].isdigit():
        return ":" in word or len(word) >= 4
    return "-" in word and any(part.isdigit() or part in times.anchors for part in word.split("-"))


def _token_at(doc: Doc, match: TimeMatch) -> Token | None:
    """Return the root token of the expression, which connects it to its clause."""
    span = doc.char_span(match.start, match.end, alignment_mode="expand")
    return span.root if span is not None and len(span) else None


def _is_name(match: TimeMatch, names: list[Entity]) -> bool:
    """Return whether the words are in a name; a time zone that the model labels as a name does not count."""
    end = match.start + 1 if match.reading == "clock" else match.end
    last = bisect_left(names, end, key=lambda e: e.start_char) - 1
    return last >= 0 and match.start < names[last].end_char


def _is_other_word(doc: Doc, token: Token, match: TimeMatch, surnames: set[str], times: TimeData) -> bool:
    """Return whether the words are not a time: a modal, a verb, a person, a plain number."""
    first = doc.char_span(match.start, match.end, alignment_mode="expand")[0]
    previous = doc[first.i - 1].lower_ if first.i > 0 else ""
    if match.reading == "later":
        return bool(token.dep_ != "advmod" or token.head.pos_ != "VERB")
    if match.reading == "year" and len(match.parts) == 1:
        return not (
            previous in times.before_year
            or (token.ent_type_ == "DATE" and token.dep_ != "nummod")
            or previous.strip() == ""
        )
    word = match.parts.get("month") or match.parts.get("weekday") or match.parts.get("season") or ""
    if match.reading in ("duration", "stretch") and match.parts.get("unit") == "second":
        return not match.parts.get("number", "a")[-1:].isdigit()
    if word not in times.ambiguous or len(match.parts) > 1:
        return False
    if not first.text[:1].isupper() or first.tag_[:1] in "MV":
        return True
    return previous not in times.before_name if word in surnames or word == "may" else token.ent_type_ != "DATE"


def _tense(token: Token, times: TimeData, *, is_headline: bool) -> Tense:
    """Return the tense of the clause with an expression. The present tense in a headline means the past."""
    verb = token
    for _ in range(_DEEPEST):
        if verb.pos_ in ("VERB", "AUX") or verb.head is verb:
            break
        verb = verb.head
    auxiliaries = [child for child in verb.children if child.dep_ in ("aux", "auxpass")]
    if any(child.lower_ in times.future_words for child in auxiliaries):
        return "future"
    if verb.lemma_.lower() in times.future_heads and verb.tag_ != "VBD":
        return "future"
    if verb.tag_ in ("VBD", "VBN") or any(child.tag_ == "VBD" or child.lemma_ == "have" for child in auxiliaries):
        return "past"
    return "present" if _is_scheduled(verb, auxiliaries) and not is_headline else "none"


def _is_scheduled(verb: Token, auxiliaries: list[Token]) -> bool:
    """Return whether a clause with a date uses the present for the future ("opens", "is opening on Friday")."""
    if verb.tag_ == "VBG":
        return any(child.tag_ in ("VBZ", "VBP") for child in auxiliaries)
    return verb.tag_ in ("VBZ", "VBP")


# Matching: the patterns of a language, compiled; the longest matches win.

_YEAR = r"(?:1[5-9]|20)\d\d"
_DAY = r"(?:0?[1-9]|[12]\d|3[01])(?:st|nd|rd|th)?"
_DIGITS = r"\d{1,4}(?:\.\d)?"


def _find_matches(text: str, stretches: Iterable[tuple[int, int]], times: TimeData) -> Iterator[TimeMatch]:
    """Yield the longest matches in these spans of a lower-case text, in text order and without overlaps."""
    patterns = _compile_patterns(times)
    for start, end in stretches:
        found = [
            TimeMatch(m.start(), m.end(), reading, {k: v for k, v in m.groupdict().items() if v is not None})
            for reading, pattern in patterns
            for m in pattern.finditer(text, start, end)
            if m.end() > m.start()
        ]
        yield from _longest(found, start, end)


def _longest(found: list[TimeMatch], start: int, end: int) -> list[TimeMatch]:
    kept: list[TimeMatch] = []
    taken = bytearray(end - start)
    for match in sorted(found, key=lambda m: m.start - m.end):  # stable: the first pattern wins among equals
        if taken.find(1, match.start - start, match.end - start) < 0:
            kept.append(match)
            taken[match.start - start : match.end - start] = b"\1" * (match.end - match.start)
    return sorted(kept, key=lambda m: m.start)


@lru_cache(maxsize=8)
def _compile_patterns(times: TimeData) -> tuple[tuple[str, re.Pattern[str]], ...]:
    words = {
        "month": times.months,
        "weekday": times.weekdays,
        "unit": times.units,
        "daypart": times.dayparts,
        "season": times.seasons,
        "deictic": times.deictics,
        "reference": times.references,
        "repetition": times.repetitions,
        "ordinal": times.ordinals,
        "number": times.numbers,
    }
    parts = {name: _any_of(choices) for name, choices in words.items()}
    parts["number"] = f"(?:{_DIGITS}|{parts['number']})"
    parts |= {"year": _YEAR, "day": _DAY}
    return tuple((reading, _compile(pattern, parts)) for reading, pattern in times.patterns)


def _compile(pattern: str, parts: Mapping[str, str]) -> re.Pattern[str]:
    filled = re.sub(r"\{(\w*[a-z]\w*)\}", lambda m: parts[m[1]], pattern)
    spaced = re.sub(r"(?<!\[) (?!\])", r"\\s", filled).replace("[- ]", r"[-–\s]")
    return re.compile(rf"(?<![\w$£€])(?<!\d[.,])(?:{spaced})(?![\w])")


def _any_of(choices: Iterable[str]) -> str:
    return "(?:" + "|".join(choice.replace(" ", r"\s") for choice in sorted(choices, key=len, reverse=True)) + ")"
