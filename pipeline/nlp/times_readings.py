"""How each kind of time expression is read: one function a reading that patterns name."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta

from pipeline.nlp.times_values import (
    DAY,
    SEASON_STARTS,
    Reading,
    Scene,
    Tense,
    day_value,
    month_start,
    month_value,
    quarter_value,
    season_value,
    week_value,
    year_value,
)

_STEPS = {"D": 1, "W": 7, "F": 14}  # days
_MONTH_STEPS = {"M": 1, "Q": 3, "Y": 12, "DE": 120, "CE": 1200}
Parts = Mapping[str, str]
_UNRESOLVED = Reading()


def read_time(reading: str, parts: Parts, scene: Scene) -> Reading | None:
    """Return what a match means, None where its words make no time ("31 June")."""
    return READINGS[reading](parts, scene)


def _valid(year: int, month: int, day: int) -> date | None:
    last = (month_start(date(year, month, 1), 1) - DAY).day
    return date(year, month, day) if day <= last else None


def _number_of_day(text: str) -> int:
    return int(text.rstrip("stndrh"))


def _read_day(parts: Parts, scene: Scene) -> Reading | None:
    month = int(parts["month_number"]) if "month_number" in parts else scene.times.months[parts["month"]]
    number = _number_of_day(parts["day"])
    if "year" in parts:
        found = _valid(int(parts["year"]), month, number)
        return day_value(found, "explicit") if found else None
    return _read_yearless(month, number, scene)


def _read_yearless(month: int, number: int, scene: Scene) -> Reading | None:
    if scene.anchor is None:
        return Reading(value=f"XXXX-{month:02}-{number:02}") if _valid(2000, month, number) else None
    years = range(scene.anchor.year - 1, scene.anchor.year + 2)
    days = [day for year in years if (day := _valid(year, month, number))]
    best = _nearest(days, scene.anchor, scene.tense)
    return day_value(best, "relative") if best else None


def _nearest(days: list[date], anchor: date, tense: Tense) -> date | None:
    """Return the day nearest to the report on the side that the tense points to; a month on the other side is near."""
    if tense == "past":
        days = [day for day in days if day <= anchor + DAY] or days
    elif tense == "future":
        days = [day for day in days if day >= anchor - timedelta(days=31)] or days
    return min(days, key=lambda day: abs((day - anchor).days), default=None)


def _read_days(parts: Parts, scene: Scene) -> Reading | None:
    first = _read_day(parts, scene)
    last = _number_of_day(parts["last"])
    if first is None or first.first is None:
        return first
    end = _valid(first.first.year, first.first.month, last)
    if end is None or end <= first.first:
        return None
    return Reading("DATE", f"{first.value}/{end.isoformat()}", first.first, end, "day", first.basis)


def _read_month(parts: Parts, scene: Scene) -> Reading:
    month = scene.times.months[parts["month"]]
    if "year" in parts:
        return month_value(int(parts["year"]), month, "explicit")
    if scene.anchor is None:
        return Reading(value=f"XXXX-{month:02}")
    step = scene.times.directions.get(parts.get("which", ""))
    ahead = (month - scene.anchor.month) % 12
    if step == 1:
        shift = ahead or 12
    elif step == 0:
        shift = month - scene.anchor.month
    elif step == -1 or scene.tense == "past":
        shift = ahead - 12 if ahead or step == -1 else 0
    elif scene.tense == "future":
        shift = ahead
    else:
        shift = ahead - 12 if ahead > 6 else ahead
    found = month_start(scene.anchor, shift)
    return month_value(found.year, found.month, "relative")


def _read_year(parts: Parts, scene: Scene) -> Reading:
    year = year_value(int(parts["year"]), "explicit")
    return _narrowed(year, parts.get("part"), scene)


def _narrowed(reading: Reading, part: str | None, scene: Scene) -> Reading:
    """Cut a year to the end that is named: its bounds, not its value (but "mid-2011" is its June)."""
    end = next((v for k, v in scene.times.parts.items() if part and k in part.split()), None)
    if end is None or reading.first is None or reading.last is None:
        return reading
    third = (reading.last - reading.first) / 3
    bounds = {
        "start": (reading.first, reading.first + third),
        "mid": (reading.first + third, reading.last - third),
        "end": (reading.last - third, reading.last),
    }
    return Reading(reading.timex_type, reading.value, *bounds[end], reading.precision, reading.basis)


def _read_decade(parts: Parts, scene: Scene) -> Reading:
    start = int(parts["decade"]) * 10
    return Reading("DATE", parts["decade"], date(start, 1, 1), date(start + 9, 12, 31), "unknown", "explicit")


def _read_weekday(parts: Parts, scene: Scene) -> Reading:
    suffix = scene.times.dayparts.get(parts.get("daypart", ""), "")
    wanted = scene.times.weekdays[parts["weekday"]]
    if scene.anchor is None:
        return Reading("TIME" if suffix else "DATE")
    ahead = (wanted - scene.anchor.weekday()) % 7
    step = scene.times.directions.get(parts.get("which", ""))
    if step == 1:
        shift = ahead or 7
    elif step == -1:
        shift = ahead - 7
    elif scene.tense == "future" or step == 0:
        shift = ahead
    else:
        shift = ahead - 7 if ahead else 0
    return day_value(scene.anchor + shift * DAY, "relative", suffix)


def _read_deictic(parts: Parts, scene: Scene) -> Reading:
    word = parts["deictic"]
    daypart = parts.get("daypart") or ("night" if word == "tonight" else "")
    suffix = scene.times.dayparts.get(daypart, "")
    if scene.anchor is None:
        return Reading("TIME" if suffix else "DATE")
    return day_value(scene.anchor + scene.times.deictics[word] * DAY, "relative", suffix)


def _read_daypart(parts: Parts, scene: Scene) -> Reading:
    suffix = scene.times.dayparts[parts["daypart"]]
    if scene.anchor is None:
        return Reading("TIME")
    return day_value(scene.anchor + scene.times.directions[parts["which"]] * DAY, "relative", suffix)


def _read_period(parts: Parts, scene: Scene) -> Reading:
    if scene.anchor is None:
        return _UNRESOLVED
    step = scene.times.directions.get(parts.get("which", "this"), 0)
    found = _period(scene.anchor, scene.times.units[parts["unit"]], step)
    part = parts.get("part", "")
    if step == 0 and found.first and found.last and part.endswith(("earlier", "later")):
        earlier = part == "earlier"
        bounds = (found.first, scene.anchor) if earlier else (scene.anchor, found.last)
        return Reading("DATE", found.value, *bounds, found.precision, found.basis)
    return _narrowed(found, part, scene)


def _period(anchor: date, unit: str, step: int) -> Reading:
    if unit in ("W", "WE"):
        monday = anchor + (7 * step - anchor.weekday()) * DAY
        return week_value(monday, weekend=unit == "WE")
    if unit == "M":
        found = month_start(anchor, step)
        return month_value(found.year, found.month, "relative")
    if unit == "Q":
        found = month_start(anchor, 3 * step)
        return quarter_value(found.year, (found.month + 2) // 3, "relative")
    if unit == "Y":
        return year_value(anchor.year + step, "relative")
    size = 10 if unit == "DE" else 100
    start = (anchor.year // size + step) * size
    last = date(start + size - 1, 12, 31)
    return Reading("DATE", str(start // size), date(start, 1, 1), last, "unknown", "relative")


def _count(parts: Parts, scene: Scene) -> float | None:
    text = parts.get("number", "").strip(" -\u00a0")
    if not text:
        return None
    return float(text) if text[0].isdigit() else scene.times.numbers.get(text)


def _read_offset(parts: Parts, scene: Scene) -> Reading:
    unit, count = scene.times.units[parts["unit"]], _count(parts, scene)
    step = scene.times.directions[parts["direction"]]
    if count is None or scene.anchor is None or parts["direction"] in ("earlier", "later"):
        return _UNRESOLVED  # "two days later" counts from another event
    if unit.startswith("T"):
        return day_value(scene.anchor, "relative")
    shift = round(count) * step
    if unit in _STEPS:
        return _near(scene.anchor + shift * _STEPS[unit] * DAY, unit)
    months = shift * _MONTH_STEPS.get(unit, 0)
    found = month_start(scene.anchor, months)
    return (
        year_value(found.year, "relative")
        if unit in ("Y", "DE", "CE")
        else month_value(found.year, found.month, "relative")
    )


def _near(day: date, unit: str) -> Reading:
    return day_value(day, "relative") if unit == "D" else week_value(day - day.weekday() * DAY)


def _read_stretch(parts: Parts, scene: Scene) -> Reading:
    length = _read_duration(parts, scene)
    step = scene.times.directions.get(parts.get("which", ""))
    count = _count(parts, scene) or 1
    days = {"D": 1, "W": 7, "F": 14, "M": 30, "Q": 91, "Y": 365, "DE": 3650}.get(scene.times.units[parts["unit"]])
    if scene.anchor is None or not step or days is None:
        return length
    shift = timedelta(days=min(days * count, 300_000))
    ends = (scene.anchor - shift, scene.anchor) if step < 0 else (scene.anchor, scene.anchor + shift)
    return Reading("DURATION", length.value, *ends, "unknown", "relative")


def _read_duration(parts: Parts, scene: Scene) -> Reading:
    if "half" in parts:
        return Reading("DURATION", {"hour": "PT30M", "day": "PT12H", "year": "P6M"}.get(parts["half"], "P50Y"))
    unit, count = scene.times.units[parts["unit"]], _count(parts, scene)
    return Reading("DURATION", _length(unit, count))


def _length(unit: str, count: float | None) -> str:
    factor, letter = {"F": (2, "W"), "DE": (10, "Y"), "CE": (100, "Y"), "Q": (3, "M"), "WE": (1, "WE")}.get(
        unit, (1, unit)
    )
    number = "X" if count is None else f"{count * factor:g}"
    return f"PT{number}{letter[1:]}" if letter[0] == "T" else f"P{number}{letter}"


def _read_set(parts: Parts, scene: Scene) -> Reading:
    if "repetition" in parts:
        return Reading("SET", scene.times.repetitions[parts["repetition"]])
    if "weekday" in parts:
        return Reading("SET", f"XXXX-WXX-{scene.times.weekdays[parts['weekday']] + 1}")
    return Reading("SET", _length(scene.times.units[parts["unit"]], _count(parts, scene) or 1))


def _read_quarter(parts: Parts, scene: Scene) -> Reading:
    number = int(parts["quarter"]) if "quarter" in parts else scene.times.ordinals[parts["ordinal"]]
    if "year" in parts:
        return quarter_value(int(parts["year"]), number, "explicit")
    if scene.anchor is None:
        return Reading(value=f"XXXX-Q{number}")
    now = (scene.anchor.month + 2) // 3
    year = scene.anchor.year - (number > now and scene.tense != "future") + (number < now and scene.tense == "future")
    return quarter_value(year, number, "relative")


def _read_half(parts: Parts, scene: Scene) -> Reading:
    year, number = int(parts["year"]), scene.times.ordinals[parts["ordinal"]]
    first = date(year, 6 * number - 5, 1)
    return Reading("DATE", f"{year}-H{number}", first, month_start(first, 6) - DAY, "unknown", "explicit")


def _read_season(parts: Parts, scene: Scene) -> Reading:
    code = scene.times.seasons[parts["season"]]
    if "year" in parts:
        return season_value(int(parts["year"]), code, "explicit")
    if scene.anchor is None:
        return Reading(value=f"XXXX-{code}")
    step = scene.times.directions[parts["which"]]
    begun = scene.anchor >= date(scene.anchor.year, SEASON_STARTS[code], 1)
    year = scene.anchor.year + (step if step == 0 or begun == (step > 0) else 0)
    return season_value(year, code, "relative")


def _read_week(parts: Parts, scene: Scene) -> Reading | None:
    number = int(parts["week"])
    if not 1 <= number <= 52:  # the 53rd exists in few years only
        return None
    return week_value(date.fromisocalendar(int(parts["year"]), number, 1), basis="explicit")


def _read_reference(parts: Parts, scene: Scene) -> Reading:
    return Reading("DATE", scene.times.references[parts["reference"]])


def _read_later(parts: Parts, scene: Scene) -> Reading | None:
    """Read "will meet later": it is later on the day of the report; beside any other tense the word dates nothing."""
    if scene.tense != "future":
        return None
    return day_value(scene.anchor, "relative") if scene.anchor else _UNRESOLVED


def _read_clock(parts: Parts, scene: Scene) -> Reading:
    if "named" in parts:
        hour, minute = (0 if parts["named"] == "midnight" else 12), 0
    else:
        hour, minute = int(parts["hour"]), int(parts.get("minute", 0))
        if "half" in parts:
            hour = hour % 12 + (12 if parts["half"].startswith("p") else 0)
    return Reading("TIME", f"T{hour:02}:{minute:02}")


READINGS: Mapping[str, Callable[[Parts, Scene], Reading | None]] = {
    "day": _read_day,
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
