"""Days and times of day written in a text, in many languages. Names of months and zones are data."""

import csv
import re
from dataclasses import dataclass
from datetime import date
from importlib import resources


def _read_months() -> dict[str, int]:
    """Return month numbers by folded name. The file has one line per language; a bar separates spellings."""
    # CLDR's tables (Babel) lack spellings that pages use ("setiembre", "mrz") and have unrelated words ("pro").
    lines = resources.files("newslake.pipeline.clean").joinpath("data", "months.csv").read_text("utf-8").splitlines()
    return {
        name.casefold(): number
        for line in lines[1:]
        for number, names in enumerate(line.split(",")[1:], start=1)
        for name in names.split("|")
    }


_MONTHS = _read_months()

_YEAR = r"((?:18|19|20)\d{2})"
_HAS_YEAR = re.compile(r"(?:18|19|20)\d\d")  # each pattern has one: most texts are refused at once
_ISO_DAY = re.compile(rf"(?<!\d){_YEAR}-(\d{{1,2}})-(\d{{1,2}})(?!\d)")
_YEAR_FIRST = re.compile(rf"(?<!\d){_YEAR}\s?[/.]\s?(\d{{1,2}})\s?[/.]\s?(\d{{1,2}})(?!\d)")
_EAST_ASIAN = re.compile(rf"{_YEAR}\s?[年년]\s?(\d{{1,2}})\s?[月월]\s?(\d{{1,2}})\s?[日일]")
_DAY_NUMBERED = re.compile(rf"(?<![\d.,/])(\d{{1,2}})(\s?\.\s?|/|-)(\d{{1,2}})\2{_YEAR}(?!\d)")
_DAY_NAMED = re.compile(rf"(?<!\d)(\d{{1,2}})(?:st|nd|rd|th|er|º|ª|\.)?\s+(?:de\s+|of\s+)?([^\W\d_]{{3,12}})\.?,?\s+(?:de[l]?\s+)?{_YEAR}(?!\d)")  # fmt: skip  # noqa: E501
_MONTH_NAMED = re.compile(rf"([^\W\d_]{{3,12}})\.?\s+(\d{{1,2}})(?:st|nd|rd|th)?,?\s+{_YEAR}(?!\d)")


def written_day(text: str, *, is_month_first: bool = False) -> date | None:
    """Return the first existing day written in a text, or None.

    With ``is_month_first`` 3/4/2026 is 4 March, as in the United States; a number over 12 is always a day.
    """
    if not _HAS_YEAR.search(text):
        return None
    days = (
        (match.start(), day)
        for read in (_find_numbered_days, _find_named_days)
        for match, day in read(text, is_month_first=is_month_first)
        if day is not None
    )
    return min(days, default=(0, None), key=lambda each: each[0])[1]


def _find_numbered_days(text: str, *, is_month_first: bool) -> list[tuple[re.Match[str], date | None]]:
    days = [
        (match, _day(match[1], match[2], match[3]))
        for pattern in (_ISO_DAY, _YEAR_FIRST, _EAST_ASIAN)
        if (match := pattern.search(text))
    ]
    if match := _DAY_NUMBERED.search(text):
        day, month = match[1], match[3]
        is_swapped = match[2] in "/-" and (int(month) > 12 or (is_month_first and int(day) <= 12))
        days.append((match, _day(match[4], day, month) if is_swapped else _day(match[4], month, day)))
    return days


def _find_named_days(text: str, *, is_month_first: bool) -> list[tuple[re.Match[str], date | None]]:
    first = [(match, _day(match[3], _month(match[2]), match[1])) for match in _DAY_NAMED.finditer(text)]
    return first + [(match, _day(match[3], _month(match[1]), match[2])) for match in _MONTH_NAMED.finditer(text)]


def _month(name: str) -> int:
    return _MONTHS.get(name.casefold(), 0)


def is_day_or_month(text: str) -> bool:
    """Return whether a text has only numbers and names of months, one name at least: "4 May", "May 2031"."""
    words = re.findall(r"[^\W_]+", text)
    return any(map(_month, words)) and all(_month(word) or word.isdecimal() for word in words)


def _day(year: str, month: str | int, day: str) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:  # 31 February, a word that is not a month
        return None


# Only names that mean one offset wherever and whenever they are written: EST is also Australian, CET is used all year.
_ZONES = {
    row["name"].casefold(): row["offset"]
    for row in csv.DictReader(
        resources.files("newslake.pipeline.clean").joinpath("data", "zones.csv").read_text("utf-8").splitlines()
    )
}
_CLOCK = re.compile(
    r"(?<![\d:.,/])(?P<hour>\d{1,2})(?P<mark>:|\s?h\s?|\.)(?P<minute>[0-5]\d)(?::(?P<second>[0-5]\d)(?:\.\d+)?)?"
    r"(?![\d:/%]|\s?min)(?:\s?(?P<half>[ap])\.?\s?m\b\.?)?(?P<word>\s?Uhr\b)?"
    # "-02:00" is a zone only after seconds: "10:00-12:00" is the time of an event.
    r"(?:\s?\(?(?P<zone>[A-Z]{3,4}\b(?![+-])|(?(second)(?:Z\b|[+-]\d\d:\d\d)|(?!))))?",
    re.IGNORECASE,
)
_BEFORE_DOTTED = re.compile(r"\b(?:kl|klo|kello|ore|ora|ura)\.?\s*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class WrittenClock:
    """A time of day as "23:15:00", and its offset from UTC as "-04:00", None if the text does not give it."""

    time: str
    zone: str | None


def written_clock(text: str) -> WrittenClock | None:
    """Return the only time of day written in a text; None without one, or with several, such as those of an event.

    "23:15", "11:15 PM", "23h15", and with a word that shows it to be a time "23.15 Uhr", "kl. 23.15".
    """
    clocks = [match for match in _CLOCK.finditer(text) if _is_clock(match, text)]
    if len(clocks) != 1:
        return None
    match, hour = clocks[0], int(clocks[0]["hour"])
    if match["half"]:
        hour = hour % 12 + (12 if match["half"] in "pP" else 0)
    zone = (match["zone"] or "").casefold()
    return WrittenClock(
        f"{hour:02}:{match['minute']}:{match['second'] or '00'}",
        _ZONES.get(zone) or (zone if zone.startswith(("+", "-")) else None),
    )


def _is_clock(match: re.Match[str], text: str) -> bool:
    is_marked = match["mark"] != "." or match["word"] or match["half"] or _BEFORE_DOTTED.search(text[: match.start()])
    return bool(is_marked) and (1 <= int(match["hour"]) <= 12 if match["half"] else int(match["hour"]) < 24)
