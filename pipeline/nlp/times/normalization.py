"""Normalization of time expressions: the value and the days of each match.

Each pattern of a language names a reading; ``READINGS`` maps it to the function that normalizes such a match.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, timedelta

from newslake.pipeline.model.annotation import DateBasis, DatePrecision
from newslake.pipeline.nlp.times.calendar import (
    DAY,
    DAY_STEPS,
    MONTH_STEPS,
    day_after,
    holiday_of,
    month_start,
    valid_day,
)
from newslake.pipeline.nlp.times.values import (
    LENGTH,
    NO_ANTECEDENT,
    NO_RULE,
    REPETITION,
    SEASON_STARTS,
    UNANCHORED,
    UNRESOLVED,
    VAGUE,
    Parts,
    Tense,
    TimeContext,
    TimeValue,
    day_value,
    month_value,
    quarter_value,
    season_value,
    unit_value,
    week_value,
    year_value,
)

_SIDES: Mapping[Tense, int] = {"past": -1, "future": 1}
_FARTHEST = 3000  # a chain of "1000 weeks later" ends at this year
# Precisions of a time from which one may count in a unit.
_FINER: Mapping[str, tuple[DatePrecision, ...]] = {
    "D": ("day",),
    "W": ("day", "week"),
    "WE": ("day", "week"),
    "M": ("day", "week", "month"),
    "Q": ("day", "week", "month", "quarter"),
    "Y": ("day", "week", "month", "quarter", "year"),
}


def read_time(reading: str, parts: Parts, context: TimeContext) -> TimeValue | None:
    """Return the time of a match, without a value if the day does not exist ("31 June"); None if it is not a time.

    A time without days has a note.
    """
    value = READINGS[reading](parts, context)
    if value is None or value.first is not None or value.note is not None:
        return value
    return replace(value, note=_note_of(value, anchored=context.anchor is not None))


def _note_of(value: TimeValue, *, anchored: bool) -> str:
    if value.timex_type in ("DURATION", "SET"):
        return LENGTH if value.timex_type == "DURATION" else REPETITION
    if (value.value or "").endswith("_REF"):
        return VAGUE
    return UNRESOLVED if anchored else UNANCHORED


# Days, months and clock times.


def _number_of_day(text: str, context: TimeContext) -> int:
    return context.times.day_words.get(text) or int(text.rstrip("stndrh"))


def _read_day(parts: Parts, context: TimeContext) -> TimeValue:
    if "monthly" in parts:
        return _read_day_of_month(parts, context)
    month = int(parts["month_number"]) if "month_number" in parts else context.times.months[parts["month"]]
    number = _number_of_day(parts["day"], context)
    years = [_year_of(parts, context)] if "year" in parts or "yearly" in parts else []
    if years == [None] or (not years and context.anchor is None):
        return TimeValue(value=f"XXXX-{month:02}-{number:02}" if valid_day(2000, month, number) else None)
    if not years and context.anchor is not None:
        years = [context.anchor.year + shift for shift in (-1, 0, 1)]
    days = [
        day
        for year in years
        if year and (day := valid_day(year, month, number)) and _weekday_matches(day, parts, context)
    ]
    best = _nearest(days, context.anchor, context.tense)
    return day_value(best, "explicit" if "year" in parts else "relative") if best else TimeValue()


def _read_day_of_month(parts: Parts, context: TimeContext) -> TimeValue:
    """Read "the 15th of next month"."""
    if context.anchor is None:
        return TimeValue()
    month = month_start(context.anchor, context.times.directions[parts["monthly"]])
    day = valid_day(month.year, month.month, _number_of_day(parts["day"], context))
    return day_value(day, "relative") if day else TimeValue()


def _read_dated_weekday(parts: Parts, context: TimeContext) -> TimeValue:
    """Read "Friday the 15th": the nearest month with such a day on the side of the tense."""
    number = _number_of_day(parts["day"], context)
    if context.anchor is None:
        return TimeValue()
    months = [month_start(context.anchor, shift) for shift in range(-14, 15)]
    days = [d for m in months if (d := valid_day(m.year, m.month, number)) and _weekday_matches(d, parts, context)]
    best = _nearest(days, context.anchor, context.tense)
    return day_value(best, "relative") if best and abs(best - context.anchor).days < 200 else TimeValue()


def _read_holiday(parts: Parts, context: TimeContext) -> TimeValue:
    """Read "Good Friday", "Christmas Eve 2019", "last Thanksgiving"."""
    rule = context.times.holidays[parts["holiday"].replace("’", "'")]
    if rule is None:
        return TimeValue(note=NO_RULE)
    if "year" in parts or "yearly" in parts:
        year = _year_of(parts, context)
        return day_value(holiday_of(rule, year), "explicit" if "year" in parts else "relative") if year else TimeValue()
    if context.anchor is None:
        return TimeValue()
    step = context.times.directions.get(parts.get("which", ""))
    anchor = context.anchor
    days = [holiday_of(rule, anchor.year + shift) for shift in (-1, 0, 1)]
    if step == -1 or (step is None and context.tense == "past"):
        days = [day for day in days if day <= anchor]
    elif step == 1 or (step is None and context.tense in ("future", "present")):
        days = [day for day in days if day >= anchor]
    return day_value(min(days, key=lambda day: abs(day - anchor)), "relative")


def _year_of(parts: Parts, context: TimeContext) -> int | None:
    """Return the year as written or meant by "last year"; None for "last year" without a reference date."""
    if "year" in parts:
        return int(parts["year"])
    return context.anchor.year + context.times.directions[parts["yearly"]] if context.anchor else None


def _weekday_matches(day: date, parts: Parts, context: TimeContext) -> bool:
    """Return whether a date agrees with the weekday next to it."""
    return "weekday" not in parts or day.weekday() == context.times.weekdays[parts["weekday"]]


def _read_numeric(parts: Parts, context: TimeContext) -> TimeValue:
    """Read "13/06/2026" in the order that gives a valid date; no day if both orders do."""
    one, other, year = int(parts["one"]), int(parts["other"]), int(parts["year"])
    days = {day for month, number in ((other, one), (one, other)) if (day := valid_day(year, month, number))}
    return day_value(days.pop(), "explicit") if len(days) == 1 else TimeValue()


def _nearest(days: list[date], anchor: date | None, tense: Tense) -> date | None:
    """Return the day nearest to the report on the side of the tense; for the future, up to 31 days earlier too."""
    if anchor is None or len(days) < 2:
        return days[0] if days else None
    if tense == "past":
        days = [day for day in days if day <= anchor + DAY] or days
    elif tense == "future":
        days = [day for day in days if day >= anchor - timedelta(days=31)] or days
    return min(days, key=lambda day: abs((day - anchor).days))


def _read_days(parts: Parts, context: TimeContext) -> TimeValue:
    first = _read_day(parts, context)
    last = _number_of_day(parts["last"], context)
    if first.first is None:
        return first
    end = valid_day(first.first.year, first.first.month, last)
    if end is None or end <= first.first:
        return TimeValue()
    return TimeValue("DATE", f"{first.value}/{end.isoformat()}", first.first, end, "day", first.basis)


def _read_month(parts: Parts, context: TimeContext) -> TimeValue:
    month = context.times.months[parts["month"]]
    if "year" in parts:
        return month_value(int(parts["year"]), month, "explicit")
    if context.anchor is None:
        return TimeValue(value=f"XXXX-{month:02}")
    if "yearly" in parts:
        return month_value(context.anchor.year + context.times.directions[parts["yearly"]], month, "relative")
    step = context.times.directions.get(parts.get("which", ""))
    ahead = (month - context.anchor.month) % 12
    if step == 1:
        shift = ahead or 12
    elif step == 0:
        shift = month - context.anchor.month
    elif step == -1 or context.tense == "past":
        shift = ahead - 12 if ahead or step == -1 else 0
    elif context.tense == "future":
        shift = ahead
    else:
        shift = ahead - 12 if ahead > 6 else ahead
    day = month_start(context.anchor, shift)
    return month_value(day.year, day.month, "relative")


def _read_part(parts: Parts, context: TimeContext) -> TimeValue:
    """Read "the last week of March": seven days at one end of the month."""
    month = _read_month({k: v for k, v in parts.items() if k != "which"}, context)
    if month.first is None or month.last is None:
        return month
    week = 6 * DAY
    ends = (month.last - week, month.last) if parts["which"] != "first" else (month.first, month.first + week)
    return TimeValue("DATE", month.value, *ends, "week", month.basis)


def _read_weekday(parts: Parts, context: TimeContext) -> TimeValue:
    suffix = context.times.dayparts.get(parts.get("daypart", ""), "")
    wanted = context.times.weekdays[parts["weekday"]]
    if context.anchor is None:
        return TimeValue("TIME" if suffix else "DATE")
    ahead = (wanted - context.anchor.weekday()) % 7
    step = context.times.directions.get(parts.get("which", ""))
    if "weekly" in parts:
        shift = wanted - context.anchor.weekday() + 7 * context.times.directions[parts["weekly"]]
    elif step == 1:
        shift = ahead or 7
    elif step == -1:
        shift = ahead - 7 if ahead - 7 != -1 else -8  # nobody calls yesterday "last Monday"
    elif context.tense in ("future", "present") or step == 0:
        shift = ahead
    else:
        shift = ahead - 7 if ahead else 0
    return day_value(context.anchor + shift * DAY, "relative", suffix)


def _read_shifted(parts: Parts, context: TimeContext) -> TimeValue:
    """Read "a week on Tuesday", "Tuesday week", "three weeks tomorrow", "a year ago today"."""
    unit, count = context.times.units[parts["unit"]], _count(parts, context)
    if context.anchor is None or count is None or count > 1000:
        return TimeValue()
    if "deictic" in parts:
        base = context.anchor + context.times.deictics[parts["deictic"]] * DAY
    else:
        ahead = (context.times.weekdays[parts["weekday"]] - context.anchor.weekday()) % 7
        base = context.anchor + (ahead or 7) * DAY
    shift = round(count) * context.times.directions.get(parts.get("direction", ""), 1)
    if unit in DAY_STEPS:
        return day_value(base + shift * DAY_STEPS[unit] * DAY, "relative")
    month = month_start(base, shift * MONTH_STEPS.get(unit, 0))
    day = valid_day(month.year, month.month, base.day) if unit in MONTH_STEPS else None
    return day_value(day, "relative") if day else TimeValue()


def _read_that(parts: Parts, context: TimeContext) -> TimeValue:
    """Read "that day", "the same week", "the following month": relative to the time named shortly before."""
    suffix = context.times.dayparts.get(parts.get("daypart", ""), "")
    unit = context.times.units[parts["unit"]] if "unit" in parts else "D"
    base = _antecedent_day(unit, context)
    if base is None:
        return TimeValue("TIME" if suffix else "DATE", note=NO_ANTECEDENT)
    day = day_after(base, unit, context.times.directions.get(parts.get("step", ""), 0))
    return day_value(day, "relative", suffix) if suffix else unit_value(day, unit)


def _antecedent_day(unit: str, context: TimeContext) -> date | None:
    """Return the first day of the time named shortly before, if it is precise enough to count in a unit from it."""
    near = context.antecedent
    if near is None or near.first is None or near.precision not in _FINER.get(unit, ()):
        return None
    return near.first if near.first.year < _FARTHEST else None


def _read_deictic(parts: Parts, context: TimeContext) -> TimeValue:
    word = parts["deictic"]
    daypart = parts.get("daypart") or ("night" if word == "tonight" else "")
    suffix = context.times.dayparts.get(daypart, "")
    if context.anchor is None:
        return TimeValue("TIME" if suffix else "DATE")
    return day_value(context.anchor + context.times.deictics[word] * DAY, "relative", suffix)


def _read_daypart(parts: Parts, context: TimeContext) -> TimeValue:
    suffix = context.times.dayparts[parts["daypart"]]
    if context.anchor is None:
        return TimeValue("TIME")
    return day_value(context.anchor + context.times.directions[parts["which"]] * DAY, "relative", suffix)


def _read_reference(parts: Parts, context: TimeContext) -> TimeValue:
    return TimeValue("DATE", context.times.references[parts["reference"]])


def _read_later(parts: Parts, context: TimeContext) -> TimeValue | None:
    """Read "will meet later": later on the published day; in any other tense the word is not a date."""
    if context.tense != "future":
        return None
    return day_value(context.anchor, "relative") if context.anchor else TimeValue()


def _read_clock(parts: Parts, context: TimeContext) -> TimeValue:
    if "named" in parts:
        hour, minute = (0 if parts["named"] == "midnight" else 12), 0
    else:
        hour, minute = int(parts["hour"]), int(parts.get("minute", 0))
        if "half" in parts:
            hour = hour % 12 + (12 if parts["half"].startswith("p") else 0)
    return TimeValue("TIME", f"T{hour:02}:{minute:02}" + ("Z" if "zone" in parts else ""))


# Periods, offsets, durations and repetitions.


def _read_year(parts: Parts, context: TimeContext) -> TimeValue:
    """Read "2019", "early 2009"."""
    year = year_value(int(parts["year"]), "explicit")
    return _narrow(year, parts.get("part"), context)


def _narrow(reading: TimeValue, part: str | None, context: TimeContext) -> TimeValue:
    """Narrow the bounds of a period to the part that is named; keep its value."""
    end = next((v for k, v in context.times.parts.items() if part and k in part.split()), None)
    if end is None or reading.first is None or reading.last is None:
        return reading
    third = (reading.last - reading.first) / 3
    bounds = {
        "start": (reading.first, reading.first + third),
        "mid": (reading.first + third, reading.last - third),
        "end": (reading.last - third, reading.last),
    }
    return TimeValue(reading.timex_type, reading.value, *bounds[end], reading.precision, reading.basis)


def _read_decade(parts: Parts, context: TimeContext) -> TimeValue:
    """Read "the 1990s", "the ’80s"."""
    start = int(parts["decade"]) * 10 if "decade" in parts else 1900 + int(parts["tens"]) * 10
    return TimeValue("DATE", str(start // 10), date(start, 1, 1), date(start + 9, 12, 31), "unknown", "explicit")


def _read_century(parts: Parts, context: TimeContext) -> TimeValue | None:
    """Read "the 19th century" as the years 1800 to 1899, as its value does. An early number counts something else."""
    number = _number_of_day(parts["nth"], context)
    if "era" in parts and number:
        return TimeValue(value=f"BC{number - 1:02}")
    if number < 10:
        return None
    years = date(100 * (number - 1), 1, 1), date(100 * number - 1, 12, 31)
    return TimeValue("DATE", f"{number - 1}", *years, "unknown", "explicit")


def _read_period(parts: Parts, context: TimeContext) -> TimeValue:
    """Read "last month", "earlier this week", "the end of the year"."""
    if context.anchor is None:
        return TimeValue()
    step = context.times.directions.get(parts.get("which", "this"), 0)
    period = _period(context.anchor, context.times.units[parts["unit"]], step)
    part = parts.get("part", "")
    if step == 0 and period.first and period.last and part.endswith(("earlier", "later")):
        earlier = part == "earlier"
        bounds = (period.first, context.anchor) if earlier else (context.anchor, period.last)
        return TimeValue("DATE", period.value, *bounds, period.precision, period.basis)
    return _narrow(period, part, context)


def _period(anchor: date, unit: str, step: int) -> TimeValue:
    if unit in ("W", "WE"):
        monday = anchor + (7 * step - anchor.weekday()) * DAY
        return week_value(monday, weekend=unit == "WE")
    if unit == "M":
        opening = month_start(anchor, step)
        return month_value(opening.year, opening.month, "relative")
    if unit == "Q":
        opening = month_start(anchor, 3 * step)
        return quarter_value(opening.year, (opening.month + 2) // 3, "relative")
    if unit == "Y":
        return year_value(anchor.year + step, "relative")
    size = 10 if unit == "DE" else 100
    start = (anchor.year // size + step) * size
    last = date(start + size - 1, 12, 31)
    return TimeValue("DATE", str(start // size), date(start, 1, 1), last, "unknown", "relative")


def _count(parts: Parts, context: TimeContext) -> float | None:
    """Return how many units; None for an unknown number ("several days", "recent days")."""
    text = parts.get("number", "").strip(" -")
    if not text:
        return None if "many" in parts else 1
    return float(text) if text[0].isdigit() else context.times.numbers.get(text)


def _read_offset(parts: Parts, context: TimeContext) -> TimeValue:
    """Read "three days ago"; "two days later" counts from the time named shortly before."""
    unit, count = context.times.units[parts["unit"]], _count(parts, context)
    step = context.times.directions[parts["direction"]]
    if parts["direction"] in ("earlier", "later"):
        return _read_later_offset(unit, count, step, context)
    if count is None or context.anchor is None or unit == "WE":
        return TimeValue()
    if unit.startswith("T"):
        return day_value(context.anchor, "relative")
    shift = round(count) * step
    if unit in DAY_STEPS:
        return _near(context.anchor + shift * DAY_STEPS[unit] * DAY, unit)
    months = shift * MONTH_STEPS.get(unit, 0)
    start = month_start(context.anchor, months)
    return (
        year_value(start.year, "relative")
        if unit in ("Y", "DE", "CE")
        else month_value(start.year, start.month, "relative")
    )


def _read_later_offset(unit: str, count: float | None, step: int, context: TimeContext) -> TimeValue:
    base = _antecedent_day(unit, context)
    if base is None or count is None or count > 1000:
        return TimeValue(note=NO_ANTECEDENT)
    return unit_value(day_after(base, unit, round(count) * step), unit)


def _near(day: date, unit: str) -> TimeValue:
    return day_value(day, "relative") if unit == "D" else week_value(day - day.weekday() * DAY)


def _read_stretch(parts: Parts, context: TimeContext) -> TimeValue:
    """Read "the past three weeks"."""
    length = _read_duration(parts, context)
    step = context.times.directions.get(parts.get("which", ""))
    count = _count(parts, context)
    days = {"D": 1, "W": 7, "F": 14, "M": 30, "Q": 91, "Y": 365, "DE": 3650}.get(context.times.units[parts["unit"]])
    if context.anchor is None or not step or days is None or count is None:
        return length
    shift = timedelta(days=min(days * count, 300_000))
    ends = (context.anchor - shift, context.anchor) if step < 0 else (context.anchor, context.anchor + shift)
    return TimeValue("DURATION", length.value, *ends, "unknown", "relative")


def _read_duration(parts: Parts, context: TimeContext) -> TimeValue:
    """Read "three weeks"."""
    if "quartered" in parts:
        return TimeValue("DURATION", {"hour": "PT15M"}.get(parts["quartered"], "P25Y"))
    if "half" in parts:
        return TimeValue("DURATION", {"hour": "PT30M", "day": "PT12H", "year": "P6M"}.get(parts["half"], "P50Y"))
    unit, count = context.times.units[parts["unit"]], _count(parts, context)
    return TimeValue("DURATION", _length(unit, count))


def _length(unit: str, count: float | None) -> str:
    factor, letter = {"F": (2, "W"), "DE": (10, "Y"), "CE": (100, "Y"), "Q": (3, "M"), "WE": (1, "WE")}.get(
        unit, (1, unit)
    )
    number = "X" if count is None else f"{count * factor:g}"
    return f"PT{number}{letter[1:]}" if letter[0] == "T" else f"P{number}{letter}"


def _read_set(parts: Parts, context: TimeContext) -> TimeValue:
    """Read "every week", "daily", "Tuesdays", "every morning", "twice a year"."""
    suffix = context.times.dayparts.get(parts.get("daypart", ""), "")
    if "unit" in parts:
        count = 2 if "other" in parts else _count(parts, context)
        value = _length(context.times.units[parts["unit"]], count)
    elif "weekday" in parts:
        value = f"XXXX-WXX-{context.times.weekdays[parts['weekday']] + 1}"
    elif "month" in parts:
        value = f"XXXX-{context.times.months[parts['month']]:02}"
    elif "season" in parts:
        value = f"XXXX-{context.times.seasons[parts['season']]}"
    else:
        value = context.times.repetitions.get(parts.get("repetition", ""), "XXXX-XX-XX")
    return TimeValue("SET", value + suffix)


def _read_quarter(parts: Parts, context: TimeContext) -> TimeValue:
    """Read "the first quarter", "Q2 2025"."""
    number = int(parts["quarter"]) if "quarter" in parts else context.times.ordinals[parts["ordinal"]]
    if "year" in parts:
        return quarter_value(int(parts["year"]), number, "explicit")
    if context.anchor is None:
        return TimeValue(value=f"XXXX-Q{number}")
    if "yearly" in parts:
        return quarter_value(context.anchor.year + context.times.directions[parts["yearly"]], number, "relative")
    now = (context.anchor.month + 2) // 3
    year = (
        context.anchor.year
        - (number > now and context.tense != "future")
        + (number < now and context.tense == "future")
    )
    return quarter_value(year, number, "relative")


def _read_half(parts: Parts, context: TimeContext) -> TimeValue:
    """Read "the first half of 2025", "the second half of this year"."""
    number = context.times.ordinals[parts["ordinal"]]
    if "year" not in parts and context.anchor is None:
        return TimeValue(value=f"XXXX-H{number}")
    basis: DateBasis = "explicit" if "year" in parts else "relative"
    shift = context.times.directions.get(parts.get("yearly", ""), 0)
    year = int(parts["year"]) if "year" in parts else (context.anchor.year if context.anchor else 0) + shift
    first = date(year, 6 * number - 5, 1)
    return TimeValue("DATE", f"{year}-H{number}", first, month_start(first, 6) - DAY, "unknown", basis)


def _read_season(parts: Parts, context: TimeContext) -> TimeValue:
    """Read "last summer", "spring 2025"."""
    code = context.times.seasons[parts["season"]]
    if "year" in parts:
        return season_value(int(parts["year"]), code, "explicit")
    if context.anchor is None:
        return TimeValue(value=f"XXXX-{code}")
    step = context.times.directions[parts["which"]] if "which" in parts else _SIDES.get(context.tense)
    if step is None:
        return TimeValue()
    if "which" in parts and step == -1:
        return _last_season(code, context.anchor)
    begun = context.anchor >= date(context.anchor.year, SEASON_STARTS[code], 1)
    year = context.anchor.year + (step if step == 0 or begun == (step > 0) else 0)
    return season_value(year, code, "relative")


def _last_season(code: str, today: date) -> TimeValue:
    """Return the latest season of a kind that is over: in March "last spring" is a year ago."""
    seasons = (season_value(today.year - ago, code, "relative") for ago in range(3))
    return next(season for season in seasons if season.last is not None and season.last < today)


def _read_week(parts: Parts, context: TimeContext) -> TimeValue:
    """Read an ISO week."""
    try:
        monday = date.fromisocalendar(int(parts["year"]), int(parts["week"]), 1)
    except ValueError:  # week 0, or week 53 in a year of 52 weeks
        return TimeValue()
    return week_value(monday, basis="explicit")


READINGS: Mapping[str, Callable[[Parts, TimeContext], TimeValue | None]] = {
    "day": _read_day,
    "numeric": _read_numeric,
    "dated_weekday": _read_dated_weekday,
    "holiday": _read_holiday,
    "shifted": _read_shifted,
    "that": _read_that,
    "century": _read_century,
    "part": _read_part,
    "days": _read_days,
    "month": _read_month,
    "year": _read_year,
    "decade": _read_decade,
    "weekday": _read_weekday,
    "deictic": _read_deictic,
    "daypart": _read_daypart,
    "period": _read_period,
    "offset": _read_offset,
    "stretch": _read_stretch,
    "duration": _read_duration,
    "set": _read_set,
    "quarter": _read_quarter,
    "half": _read_half,
    "season": _read_season,
    "week": _read_week,
    "reference": _read_reference,
    "later": _read_later,
    "clock": _read_clock,
}
