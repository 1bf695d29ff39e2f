"""How each kind of time expression is read: one function a reading that patterns name."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta

from pipeline.nlp.times.periods import (
    read_decade,
    read_duration,
    read_half,
    read_offset,
    read_period,
    read_quarter,
    read_season,
    read_set,
    read_stretch,
    read_week,
    read_year,
)
from pipeline.nlp.times.values import DAY, Parts, Tense, TimeContext, TimeValue, day_value, month_start, month_value


def read_time(reading: str, parts: Parts, context: TimeContext) -> TimeValue | None:
    """Return what a match means, without a value where there is no such day ("31 June"); None where it is no time."""
    return READINGS[reading](parts, context)


def _valid(year: int, month: int, day: int) -> date | None:
    if not 1 <= month <= 12 or day < 1:
        return None
    last = (month_start(date(year, month, 1), 1) - DAY).day
    return date(year, month, day) if day <= last else None


def _number_of_day(text: str) -> int:
    return int(text.rstrip("stndrh"))


def _read_day(parts: Parts, context: TimeContext) -> TimeValue:
    month = int(parts["month_number"]) if "month_number" in parts else context.times.months[parts["month"]]
    number = _number_of_day(parts["day"])
    years = [_year_of(parts, context)] if "year" in parts or "yearly" in parts else []
    if years == [None] or (not years and context.anchor is None):
        return TimeValue(value=f"XXXX-{month:02}-{number:02}" if _valid(2000, month, number) else None)
    if not years and context.anchor is not None:
        years = [context.anchor.year + shift for shift in (-1, 0, 1)]
    days = [
        day for year in years if year and (day := _valid(year, month, number)) and _weekday_matches(day, parts, context)
    ]
    best = _nearest(days, context.anchor, context.tense)
    return day_value(best, "explicit" if "year" in parts else "relative") if best else TimeValue()


def _year_of(parts: Parts, context: TimeContext) -> int | None:
    """Return the year that is written, or meant by "last year"; None without a day to read that against."""
    if "year" in parts:
        return int(parts["year"])
    return context.anchor.year + context.times.directions[parts["yearly"]] if context.anchor else None


def _weekday_matches(day: date, parts: Parts, context: TimeContext) -> bool:
    """Say whether the weekday beside a date is its own."""
    return "weekday" not in parts or day.weekday() == context.times.weekdays[parts["weekday"]]


def _read_numeric(parts: Parts, context: TimeContext) -> TimeValue:
    """Read "13/06/2026", in the order that makes a date; without a day where both do."""
    one, other, year = int(parts["one"]), int(parts["other"]), int(parts["year"])
    days = {day for month, number in ((other, one), (one, other)) if (day := _valid(year, month, number))}
    return day_value(days.pop(), "explicit") if len(days) == 1 else TimeValue()


def _nearest(days: list[date], anchor: date | None, tense: Tense) -> date | None:
    """Return the day nearest to the report on the side that the tense points to; a month on the other side is near."""
    if anchor is None or len(days) < 2:
        return days[0] if days else None
    if tense == "past":
        days = [day for day in days if day <= anchor + DAY] or days
    elif tense == "future":
        days = [day for day in days if day >= anchor - timedelta(days=31)] or days
    return min(days, key=lambda day: abs((day - anchor).days))


def _read_days(parts: Parts, context: TimeContext) -> TimeValue:
    first = _read_day(parts, context)
    last = _number_of_day(parts["last"])
    if first.first is None:
        return first
    end = _valid(first.first.year, first.first.month, last)
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
    found = month_start(context.anchor, shift)
    return month_value(found.year, found.month, "relative")


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
        shift = ahead - 7
    elif context.tense in ("future", "present") or step == 0:
        shift = ahead
    else:
        shift = ahead - 7 if ahead else 0
    return day_value(context.anchor + shift * DAY, "relative", suffix)


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
    """Read "will meet later": it is later on the day of the report; beside any other tense the word dates nothing."""
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
    return TimeValue("TIME", f"T{hour:02}:{minute:02}")


READINGS: Mapping[str, Callable[[Parts, TimeContext], TimeValue | None]] = {
    "day": _read_day,
    "numeric": _read_numeric,
    "part": _read_part,
    "days": _read_days,
    "month": _read_month,
    "year": read_year,
    "decade": read_decade,
    "weekday": _read_weekday,
    "deictic": _read_deictic,
    "daypart": _read_daypart,
    "period": read_period,
    "offset": read_offset,
    "stretch": read_stretch,
    "duration": read_duration,
    "set": read_set,
    "quarter": read_quarter,
    "half": read_half,
    "season": read_season,
    "week": read_week,
    "reference": _read_reference,
    "later": _read_later,
    "clock": _read_clock,
}
