"""Time expressions of an article: their spans and, relative to the published day, their dates."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from operator import attrgetter

from newslake.pipeline.model import Article, Entity, TimeExpression
from newslake.pipeline.nlp.languages.spec_events import HasTimes, TimeData
from newslake.pipeline.nlp.times.joins import FoundTime, TimeMatch, add_daypart, join_times
from newslake.pipeline.nlp.times.normalization import read_time
from newslake.pipeline.nlp.times.tense import tense_of
from newslake.pipeline.nlp.times.values import OPEN_END, TimeContext, TimeValue, reference_date
from newslake.pipeline.nlp.tokens import Tokens, root_of

_START = attrgetter("start_char")
_REACH = 7  # tokens on each side of an anchor word that its expression may include
_NO_NAME = frozenset({"DATE", "TIME", "NORP", "CARDINAL", "ORDINAL", "QUANTITY", "PERCENT", "MONEY"})
_HEADLINES = frozenset({"title", "standfirst", "caption", "heading"})
_NEAR = 300  # characters from a time to a later one that counts from it
_NUMBER, _CLOCK = "0000", "00:00"  # stand for all words like them in the table of anchors
_FIRST_YEAR = 1900  # numbers before it are rarely the year of a thing: "a 1500 metre race"
_BEFORE_YEAR = frozenset({"DT", "JJ", "POS", "PRP$", "VBG", "VBN"})  # tags of words before a year and its thing
_COMPANY = 40  # tokens on each side of a quarter where a word about business shows that it is one of a year


@dataclass(frozen=True, slots=True)
class TimeSpan:
    """The tokens of a match, from ``start`` up to ``end``, and the one that the others depend on."""

    tokens: Tokens
    start: int
    end: int
    root: int


def find_times(
    tokens: Tokens, article: Article, entities: tuple[Entity, ...], language: HasTimes
) -> tuple[TimeExpression, ...]:
    """Return the time expressions in reading order and without overlaps.

    Without ``article.published_at`` only explicit dates have days; the others keep their text.
    """
    times, text = language.times, _lower(article.text)
    names = [e for e in entities if e.mention_kind == "name" and e.entity_type not in _NO_NAME]
    surnames = {e.entity_text.split()[-1].lower() for e in names if e.entity_type == "PERSON"}
    starts = [block.start for block in article.blocks]
    published = reference_date(article)
    context = TimeContext(published, "none", times)
    expressions: list[FoundTime] = []
    for match in _find_matches(text, _stretches(tokens, times), times):
        if _is_name(match, names):
            continue
        span = _span_of(tokens, match)
        if _is_other_word(span, match, surnames, context):
            continue
        at = bisect_right(starts, match.start) - 1
        is_headline = at >= 0 and article.blocks[at].kind in _HEADLINES
        tense = tense_of(tokens, span.start, span.root, times, is_headline=is_headline)
        time = _read(span, match, TimeContext(published, tense, times, _antecedent(expressions, match)))
        if time is not None:
            time = add_daypart(text, time, expressions[-1].end if expressions else 0)
            joined = (
                join_times(text, expressions[-1], time, expressions[-2].end if len(expressions) > 1 else 0)
                if expressions
                else None
            )
            expressions[-1 if joined else len(expressions) :] = [joined or time]
    return tuple(_expression(article.text, time) for time in expressions)


def _span_of(tokens: Tokens, match: TimeMatch) -> TimeSpan:
    first, last = tokens.at(match.start), tokens.at(match.end - 1)
    return TimeSpan(tokens, first, last + 1, root_of(tokens, first, last))


def _antecedent(earlier: list[FoundTime], match: TimeMatch) -> TimeValue | None:
    """Return the last time with days shortly before a match."""
    for time in reversed(earlier):
        if time.end < match.start - _NEAR:
            break
        if time.value.first is not None and time.value.timex_type in ("DATE", "TIME"):
            return time.value
    return None


def _read(span: TimeSpan, match: TimeMatch, context: TimeContext) -> FoundTime | None:
    """Read a match. After "until" in a past clause it has days only if both tenses give the same."""
    value = read_time(match.reading, match.parts, context)
    if value is None:
        return None
    if context.tense == "past" and _previous(span) in context.times.ends:
        other = read_time(match.reading, match.parts, replace(context, tense="future"))
        value = value if other == value else TimeValue(value.timex_type, note=OPEN_END)
    return FoundTime(match.start, match.end, match, value, context)


def _expression(text: str, time: FoundTime) -> TimeExpression:
    return TimeExpression(
        timex_type=time.value.timex_type,
        timex_text=text[time.start : time.end],
        start_char=time.start,
        end_char=time.end,
        value=time.value.value,
        first_day=time.value.first,
        last_day=time.value.last,
        precision=time.value.precision,
        basis=time.value.basis,
        note=time.value.note,
    )


def _lower(text: str) -> str:
    lowered = text.lower()
    if len(lowered) == len(text):
        return lowered
    return "".join(low if len(low := char.lower()) == 1 else char for char in text)


def _stretches(tokens: Tokens, times: TimeData) -> Iterator[tuple[int, int, int]]:
    """Yield the spans around anchors as character offsets, with the bits of their kinds."""
    bits = _anchor_bits(times)
    kinds = {  # most words are letters alone, and no anchors
        word: kind
        for word in set(tokens.lower)
        if (word in bits or not word.isalpha()) and (kind := _kind_of(word, bits))
    }
    first, last, kind = 0, -1, 0
    for hit in [index for index, word in enumerate(tokens.lower) if word in kinds]:
        if last >= 0 and hit - _REACH > last:
            yield tokens.start[first], tokens.end[last], kind
            last = -1
        if last < 0:
            first, kind = max(hit - _REACH, 0), 0
        last = min(hit + _REACH, len(tokens) - 1)
        kind |= kinds[tokens.lower[hit]]
    if last >= 0:
        yield tokens.start[first], tokens.end[last], kind


@lru_cache(maxsize=8)
def _kind_bits(times: TimeData) -> Mapping[str, int]:
    return {kind: 1 << index for index, kind in enumerate(times.anchors)}


@lru_cache(maxsize=8)
def _anchor_bits(times: TimeData) -> Mapping[str, int]:
    bits = _kind_bits(times)
    number = bits["number"] | bits["month"]  # the month before a year may be glued to a mark: 'date="March 9, 2016"'
    bits_of: dict[str, int] = {_NUMBER: number, _CLOCK: number | bits["clock"]}
    for kind, anchors in times.anchors.items():
        for word in anchors:
            bits_of[word] = bits_of.get(word, 0) | bits[kind]
    return bits_of


def _kind_of(word: str, bits: Mapping[str, int]) -> int:
    """Return the bits of the kinds of anchor that a word is; 0 for other words."""
    if word in bits:
        return bits[word]
    kind = 0
    if word[:1].isdigit():
        kind = bits[_CLOCK] if ":" in word else bits[_NUMBER] if len(word) >= 4 else 0
        kind |= bits.get(word[-2:], 0)  # "10am"
    if "-" in word:
        for part in word.split("-"):
            kind |= bits[_NUMBER] if part[:1].isdigit() else bits.get(part, 0)
    return kind


def _is_name(match: TimeMatch, names: list[Entity]) -> bool:
    """Return whether the words are in a name.

    A clock time with its zone, or a named day, that the model labels as a name does not count.
    """
    last = bisect_left(names, match.end, key=_START) - 1
    if last < 0 or match.start >= names[last].end_char:
        return False
    is_inside = match.start <= names[last].start_char and names[last].end_char <= match.end
    return not (is_inside and match.reading in ("clock", "holiday"))


def _is_other_word(span: TimeSpan, match: TimeMatch, surnames: set[str], context: TimeContext) -> bool:
    """Return whether the words are not a time: a modal, a verb, a person, a plain number, the name of an event."""
    check = _CHECKS.get(match.reading)
    if check is not None:
        return check(span, match, context)
    times = context.times
    if match.reading in ("duration", "stretch") and match.parts.get("unit") == "second":
        return not match.parts.get("number", "a")[-1:].isdigit()
    word = match.parts.get("month") or match.parts.get("season") or ""
    if word not in times.ambiguous or len(match.parts) > 1 or match.reading == "set":
        return False
    return _is_common_word(span, word, surnames, times)


def _is_common_word(span: TimeSpan, word: str, surnames: set[str], times: TimeData) -> bool:
    previous = _previous(span)
    if not span.tokens.is_capital[span.start] or span.tokens.tag[span.start][:1] in "MV":
        return True
    if word in surnames or word == "may":
        return previous not in times.before_name
    return _label(span) != "DATE"


def _label(span: TimeSpan) -> str:
    """Return the model's type of entity at the root of a span; empty outside entities."""
    return str(span.tokens.doc[span.root].ent_type_)


def _previous(span: TimeSpan) -> str:
    return span.tokens.lower[span.start - 1] if span.start > 0 else ""


def _is_plain_later(span: TimeSpan, match: TimeMatch, context: TimeContext) -> bool:
    tokens, root = span.tokens, span.root
    return tokens.dep[root] != "advmod" or tokens.pos[tokens.head[root]] != "VERB"


def _is_plain_number(span: TimeSpan, match: TimeMatch, context: TimeContext) -> bool:
    """Return whether four digits are no year: "rose to 2000 people"."""
    if len(match.parts) > 1:
        return False
    tokens, root, previous = span.tokens, span.root, _previous(span)
    counts = tokens.dep[root] == "nummod"
    if counts and tokens.tag[tokens.head[root]] == "NNS" and previous != "the" and match.parts["year"][-2:] == "00":
        return True
    if span.start > 1 and _counts(tokens.text[span.start - 2]):
        return True
    is_dated = not counts and _label(span) == "DATE"
    is_year = previous in context.times.before_year or is_dated or previous.strip() == ""
    return not (is_year or _modifies(span, match, context)) and not _ends_title(span, match, context)


def _modifies(span: TimeSpan, match: TimeMatch, context: TimeContext) -> bool:
    """Return whether a number is the year of one thing, not a count: "a 2019 attack", "its 2022 invasion"."""
    tokens, number = span.tokens, span.root
    head = tokens.head[number]
    if tokens.dep[number] != "nummod" or tokens.tag[head] not in ("NN", "NNP") or head <= number or number == 0:
        return False
    year = match.parts["year"]  # the token may be longer: "2022/23"
    is_past = context.anchor is not None and _FIRST_YEAR < int(year) <= context.anchor.year
    return is_past and year[-2:] != "00" and tokens.tag[number - 1] in _BEFORE_YEAR


def _counts(word: str) -> bool:
    """Return whether a word is a number that is no year: "from 1200 to 1500"."""
    return word[:1].isdigit() and word[-1:].isdigit() and not re.fullmatch(f"{_YEAR}|{_DAY}", word)


def _ends_title(span: TimeSpan, match: TimeMatch, context: TimeContext) -> bool:
    """Return whether a number ends a line after a name and is the year of the report: "The Orrin Cup 2026"."""
    tokens = span.tokens
    is_last = span.end == len(tokens) or tokens.text[span.end].startswith("\n")
    is_recent = context.anchor is not None and int(match.parts["year"]) == context.anchor.year
    return is_last and is_recent and span.start > 0 and tokens.is_capital[span.start - 1]


def _is_named_weekday(span: TimeSpan, match: TimeMatch, context: TimeContext) -> bool:
    """Return whether a weekday is part of the name of an event ("Bloody Sunday"), or an abbreviation another word."""
    word, tokens, before = match.parts["weekday"], span.tokens, span.start - 1
    if word in context.times.ambiguous and len(match.parts) == 1:
        return _is_common_word(span, word, set(), context.times)
    if before < 0 or not tokens.is_capital[before]:
        return False
    if tokens.lower[before] in context.times.named_days:
        return True
    is_name = before > 0 and tokens.tag[before] == "JJ" and tokens.head[before] == span.start
    return is_name and not tokens.doc[before].is_sent_start


def _is_modifier(span: TimeSpan, match: TimeMatch, context: TimeContext) -> bool:
    """Return whether a named day only describes a thing ("a Christmas tree"), or is not a name ("in thanksgiving")."""
    tokens, root = span.tokens, span.root
    is_compound = tokens.dep[root] in ("compound", "nmod", "amod") and tokens.head[root] >= span.end
    return is_compound or not any(tokens.is_capital[i] for i in range(span.start, span.end))


def _is_no_season(span: TimeSpan, match: TimeMatch, context: TimeContext) -> bool:
    """Return whether a bare season is another word ("in fall", "in summer camps")."""
    if len(match.parts) > 1:
        return False
    is_single = span.end == span.start + 1
    return span.tokens.dep[span.root] != "pobj" or (is_single and match.parts["season"] in context.times.ambiguous)


def _is_sports_quarter(span: TimeSpan, match: TimeMatch, context: TimeContext) -> bool:
    """Return whether a quarter without a year has no word about business near it: it may be one of a match."""
    if "year" in match.parts or "yearly" in match.parts or match.parts.get("unit", "quarter") != "quarter":
        return False
    near = span.tokens.lower[max(span.start - _COMPANY, 0) : span.end + _COMPANY]
    return context.times.fiscal_words.isdisjoint(near)


def _is_pronoun_phrase(span: TimeSpan, match: TimeMatch, context: TimeContext) -> bool:
    """Return whether "that day" only modifies a noun, or "that" begins a clause."""
    deps = span.tokens.dep
    return deps[span.root] in ("compound", "amod") or "mark" in deps[span.start : span.end]


_CHECKS: Mapping[str, Callable[[TimeSpan, TimeMatch, TimeContext], bool]] = {
    "later": _is_plain_later,
    "year": _is_plain_number,
    "weekday": _is_named_weekday,
    "holiday": _is_modifier,
    "quarter": _is_sports_quarter,
    "period": _is_sports_quarter,
    "season": _is_no_season,
    "that": _is_pronoun_phrase,
}


# Matching: the patterns of a language, compiled; the longest matches win.

_YEAR = r"(?:1[5-9]|20)\d\d"
_DAY = r"(?:0?[1-9]|[12]\d|3[01])(?:st|nd|rd|th)?"
_DIGITS = r"\d{1,4}(?:\.\d)?"
_SPACE = re.compile(r"\s")


def _find_matches(text: str, stretches: Iterable[tuple[int, int, int]], times: TimeData) -> Iterator[TimeMatch]:
    """Yield the longest matches in these spans of a lower-case text, in text order and without overlaps."""
    for start, end, kinds in stretches:
        stretch = text[start:end]
        matches = [
            TimeMatch(
                m.start(),
                m.end(),
                each.reading,
                {k: _SPACE.sub(" ", v) for k, v in m.groupdict().items() if v is not None},
            )
            for each in _patterns_of(times, kinds)
            if each.may_match(stretch)
            for m in each.pattern.finditer(text, start, end)
            if m.end() > m.start()
        ]
        yield from _longest(matches, start, end)


def _longest(matches: list[TimeMatch], start: int, end: int) -> list[TimeMatch]:
    longest: list[TimeMatch] = []
    taken = bytearray(end - start)
    for match in sorted(matches, key=lambda m: m.start - m.end):  # stable: the first pattern wins among equals
        if taken.find(1, match.start - start, match.end - start) < 0:
            longest.append(match)
            taken[match.start - start : match.end - start] = b"\1" * (match.end - match.start)
    return sorted(longest, key=lambda m: m.start)


@dataclass(frozen=True, slots=True)
class _TimePattern:
    """A pattern, its reading, the bit of its kind of anchor, and letters of which one is in every match."""

    reading: str
    kind: int
    cues: tuple[str, ...]
    pattern: re.Pattern[str]

    def may_match(self, stretch: str) -> bool:
        for cue in self.cues:
            if cue in stretch:
                return True
        return not self.cues


@lru_cache(maxsize=8)
def _compile_patterns(times: TimeData) -> tuple[_TimePattern, ...]:
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
        "day_word": times.day_words,
        "holiday": times.holidays,
        "number": times.numbers,
    }
    parts = {name: _any_of(choices) for name, choices in words.items()}
    parts["number"] = f"(?:{_DIGITS}|{parts['number']})"
    parts |= {"year": _YEAR, "day": _DAY}
    bits = _kind_bits(times)
    patterns = []
    for reading, needs, pattern in times.patterns:
        kind, *cues = needs.split()
        patterns.append(_TimePattern(reading, bits[kind], tuple(cues), _compile(pattern, parts)))
    return tuple(patterns)


@lru_cache(maxsize=1024)
def _patterns_of(times: TimeData, kinds: int) -> tuple[_TimePattern, ...]:
    return tuple(each for each in _compile_patterns(times) if each.kind & kinds)


def _compile(pattern: str, parts: Mapping[str, str]) -> re.Pattern[str]:
    filled = re.sub(r"\{(\w*[a-z]\w*)\}", lambda m: parts[m[1]], pattern)
    spaced = re.sub(r"(?<!\[) (?!\])", r"\\s", filled).replace("[- ]", r"[-–\s]")
    return re.compile(rf"(?<![\w$£€])(?<!\d[.,])(?:{spaced})(?![\w])")


def _any_of(choices: Iterable[str]) -> str:
    longest = (
        re.escape(choice).replace("\\ ", r"\s").replace("'", "['’]")
        for choice in sorted(choices, key=len, reverse=True)
    )
    return "(?:" + "|".join(longest) + ")"
