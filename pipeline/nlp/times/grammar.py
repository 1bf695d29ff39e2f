"""Where a text may name a time: the patterns of a language, compiled, and the longest matches of them."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from pipeline.nlp.languages.spec_events import TimeData

_YEAR = r"(?:1[5-9]|20)\d\d"
_DAY = r"(?:0?[1-9]|[12]\d|3[01])(?:st|nd|rd|th)?"
_DIGITS = r"\d{1,4}(?:\.\d)?"


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


@dataclass(frozen=True, slots=True)
class TimeMatch:
    """A stretch that reads as a time. Offsets are the text's; ``parts`` are the named groups, lower case."""

    start: int
    end: int
    reading: str
    parts: Mapping[str, str]


def find_matches(text: str, stretches: Iterable[tuple[int, int]], times: TimeData) -> Iterator[TimeMatch]:
    """Yield the longest matches inside some stretches of a lower-case text, in text order, never overlapping."""
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
