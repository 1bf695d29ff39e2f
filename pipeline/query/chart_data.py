"""Chart data: the chart line of a question, and the rows that a chart of its answer shows.

A chart line is a header of a question, ``-- chart: bar x=words y=speaker``: a kind, then pairs of a key and a column of
the answer:

    bar     x (number), y (name); colour (name)          a ranking: one bar per row, in the order of the rows
    stack   parts (shares, separated by commas), n, y (name) or x (day)    parts of a whole; "unknown" is grey
    line    x (day), y (number); colour (name)           one line per name; a gap at each step without a row
    heat    x (day or name), y (name), colour (number)   one cell per row

All kinds may have ``facet`` (name): one chart per value. All may have ``n``, the number of cases of a share: then the
share (the first part of a stack) gets an interval. A column with a name that begins with "share" is a share, 0 to 1.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timedelta
from typing import Literal, get_args

from newslake.pipeline.errors import ConfigError
from newslake.pipeline.query.connection import QueryResult

ChartKind = Literal["bar", "stack", "line", "heat"]
_REQUIRED_KEYS: dict[ChartKind, tuple[str, ...]] = {
    "bar": ("x", "y"),
    "stack": ("parts", "n"),
    "line": ("x", "y"),
    "heat": ("x", "y", "colour"),
}
_PAIR = re.compile(r"([a-z]+)=([a-z0-9_,]+)")
_NAME_KEYS: Mapping[str, tuple[str, ...]] = {
    "bar": ("y", "colour", "facet"),
    "stack": ("x", "y", "facet"),
    "line": ("colour", "facet"),
    "heat": ("x", "y", "facet"),
}

MOST_BARS, MOST_SERIES, MOST_PICTURES, MOST_CELLS_HIGH = 30, 8, 8, 60
NONE = "(none)"  # the label of null
_GENDERS = {"F": "female", "M": "male", "U": "unknown"}
_Z = 1.959964  # the 97.5 % quantile of the normal distribution, for 95 % intervals
_LONGEST = 500  # letters of a label
# Controls, direction overrides, and characters that XML forbids: they could change text outside the label, and some
# crash the renderer and its process.
_INVISIBLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufffe\uffff]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartLine:
    """How an answer is drawn. All fields except ``kind`` name columns of the answer."""

    kind: ChartKind
    x: str = ""
    y: str = ""
    colour: str = ""
    facet: str = ""
    n: str = ""
    parts: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the answer must have."""
        return tuple(filter(None, (self.x, self.y, self.colour, self.facet, self.n, *self.parts)))


def parse_chart_line(slug: str, text: str) -> ChartLine:
    """Return the parsed chart line. Raises: ConfigError that names the question and the invalid part."""
    word, *rest = text.split()
    kind = next((each for each in get_args(ChartKind) if each == word), None)
    if kind is None:
        raise _wrong(slug, f"begins with {word!r}; kinds are {', '.join(get_args(ChartKind))}")
    known = [each.name for each in fields(ChartLine) if each.name != "kind"]
    columns: dict[str, str] = {}
    for each in rest:
        pair = _PAIR.fullmatch(each)
        if not pair or pair[1] not in known or pair[1] in columns:
            raise _wrong(slug, f"has {each!r}; write each of {', '.join(known)} at most once, as key=column")
        columns[pair[1]] = pair[2]
    missing = [key for key in _REQUIRED_KEYS[kind] if key not in columns]
    if missing or (kind == "stack" and ("x" in columns) == ("y" in columns)):
        raise _wrong(slug, f"lacks {', '.join(missing) or 'one of x and y'} for a {kind}")
    parts = tuple(columns.pop("parts", "").split(",")) if "parts" in columns else ()
    return ChartLine(kind=kind, parts=parts, **columns)


def _wrong(slug: str, what: str) -> ConfigError:
    return ConfigError(f"{slug}.sql: the chart line {what}", key=slug)


ChartRow = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartData:
    """Rows with the keys x, y, colour, facet and n that the chart uses; for days also x_middle and x_end.

    A step of the axis ends before x_end. ``low`` and ``high`` are the interval of a share. A stack has one row per
    part: ``colour`` is its name, ``from`` and ``to`` are its ends. ``cases`` has the sum of n per facet. ``remarks``
    say what is not drawn.
    """

    rows: tuple[ChartRow, ...]
    cases: Mapping[object, int]
    remarks: tuple[str, ...]

    def names(self, key: str) -> list[object]:
        """Return the distinct values of one key, in the order of the rows."""
        return list(dict.fromkeys(row[key] for row in self.rows if key in row))

    def only(self, facet: object) -> "ChartData":
        """Return the rows of one facet."""
        return replace(self, rows=tuple(row for row in self.rows if row["facet"] == facet))


def plot(slug: str, line: ChartLine, answer: QueryResult) -> ChartData:
    """Return the rows that a chart of ``answer`` shows. Raises: ConfigError if it lacks a column of the line."""
    missing = [column for column in line.columns if column not in answer.columns]
    if missing:
        raise ConfigError(
            f"{slug}.sql: the chart line names {', '.join(missing)}; columns are {', '.join(answer.columns)}", key=slug
        )
    rows = [_row(line, record) for record in answer.records()]
    rows, remarks = _limit_rows(line, rows)
    cases = Counter[object]()
    for row in rows:
        cases[row.get("facet")] += n if isinstance(n := row.get("n"), int) else 0
    if line.y and line.kind in ("bar", "stack"):
        rows = _disambiguate_names(rows)
    if line.kind == "line":
        rows = list(_break_lines(line.x, rows))
    if line.kind == "stack":
        rows = [part for row in rows for part in _parts(line, row)]
    return ChartData(rows=tuple(rows), cases=cases, remarks=tuple(remarks))


def merge_single_period(line: ChartLine, answer: QueryResult) -> tuple[ChartLine, str]:
    """Return the chart line of a ranking, and a sentence with the period, if an answer has only one step of its days.

    One step is no development over time: shares become one bar per facet, lines and cells one bar per name.
    Any other answer keeps its line, with "".
    """
    at = answer.columns.index(line.x) if line.x in answer.columns else None
    days = {row[at] for row in answer.rows} if at is not None else set()
    day = days.pop() if len(days) == 1 else None
    if line.kind == "bar" or type(day) is not date:
        return line, ""
    sentence = f"{column_label(line.x).capitalize()}: {day.day} {day:%B %Y}."
    if line.kind == "stack":
        return (replace(line, x="", y=line.facet, facet=""), sentence) if line.facet else (line, "")
    if line.kind == "heat":
        return ChartLine(kind="bar", x=line.colour, y=line.y, facet=line.facet, n=line.n), sentence
    if not line.colour:
        return (replace(line, kind="bar", x=line.y, y=line.facet, facet=""), sentence) if line.facet else (line, "")
    if line.facet and not is_share(line.y):
        return replace(line, kind="bar", x=line.y, y=line.facet, facet=""), sentence
    return replace(line, kind="bar", x=line.y, y=line.colour, colour=""), sentence


def wilson(share: float, n: int) -> tuple[float, float] | None:
    """Return the 95 % interval (Wilson) of a share of ``n`` cases; None without cases."""
    if n <= 0:
        return None
    middle = (share + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    reach = _Z * math.sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2)) / (1 + _Z**2 / n)
    return max(0.0, middle - reach), min(1.0, middle + reach)


def plain_label(value: object) -> str:
    """Return a text as a chart label: one line, shortened, without invisible characters."""
    text = " ".join(_INVISIBLE.sub(" ", "" if value is None else str(value)).split())
    return (text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…") or NONE


def is_share(column: str) -> bool:
    """Return whether a column holds shares, 0 to 1."""
    return column.startswith("share")


def _row(line: ChartLine, record: Mapping[str, object]) -> ChartRow:
    row: ChartRow = {
        key: _value(record[column]) for key in ("x", "y", "colour", "facet") if (column := getattr(line, key))
    }
    for key in _NAME_KEYS[line.kind]:
        if key in row and not (key == "x" and isinstance(record[line.x], date)):
            row[key] = plain_label(value_label(getattr(line, key), row[key]))
    if isinstance(day := record.get(line.x), date):
        end = _step_after(line.x, day)
        row["x_end"], row["x_middle"] = end.isoformat(), _middle(day, end)
    measured = {"bar": line.x, "line": line.y, "stack": (*line.parts, "")[0]}.get(line.kind, "")
    if line.n and measured:
        share, n = record[measured], record[line.n]
        if isinstance(share, int | float) and isinstance(n, int) and (interval := wilson(float(share), n)):
            row["low"], row["high"] = interval
        row["n"] = n
    return row | {f"part {part}": _value(record[part]) for part in line.parts}


def _value(value: object) -> object:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, bool | int | str) or value is None:
        return value
    number = float(str(value))
    return number if math.isfinite(number) else None


def _step_after(column: str, day: date) -> date:
    """Return the first day of the next step of an axis: a week or month if the column has that name, else a day."""
    if column == "month":
        return date(day.year + day.month // 12, day.month % 12 + 1, 1)
    return day + timedelta(days=7 if column == "week" else 1)


def _middle(start: date, end: date) -> str:
    noon = datetime(start.year, start.month, start.day) + (end - start) / 2  # noqa: DTZ001 - a day has no zone
    return noon.isoformat() + "Z"


def _limit_rows(line: ChartLine, rows: list[ChartRow]) -> tuple[list[ChartRow], list[str]]:
    """Return the rows that fit into a chart, and remarks on what is not drawn."""
    remarks: list[str] = []
    if line.kind in ("bar", "stack") and line.y and not line.facet and len(rows) > MOST_BARS:
        remarks.append(f"Shown: the first {MOST_BARS} of {len(rows):,} rows.")
        rows = rows[:MOST_BARS]
    limits = {"facet": MOST_PICTURES}
    if line.kind in ("line", "bar"):
        limits["colour"] = MOST_SERIES
    if line.kind == "heat":
        limits["y"] = MOST_CELLS_HIGH
    for key, most in limits.items():
        weights: defaultdict[object, float] = defaultdict(float)
        for row in rows:
            if key in row:
                weights[row[key]] += _weight(line, row)
        if len(weights) > most:
            largest = set(sorted(weights, key=weights.__getitem__, reverse=True)[:most])
            rows = [row for row in rows if row[key] in largest]
            remarks.append(f"Shown: the {most} largest of {len(weights):,} by {column_label(getattr(line, key))}.")
    return rows, remarks


def _weight(line: ChartLine, row: ChartRow) -> float:
    """Return the weight of a row when the largest are selected: its cases, its count, else 1."""
    column, key = {"bar": (line.x, "x"), "line": (line.y, "y"), "heat": (line.colour, "colour")}.get(
        line.kind, ("", "")
    )
    value = row.get("n") if line.n else row.get(key) if column and not is_share(column) else 1
    return float(value) if isinstance(value, int | float) else 0.0


def _disambiguate_names(rows: Iterable[ChartRow]) -> list[ChartRow]:
    """Return rows with distinct names, with their cases: two people with one name are two bars."""
    seen = Counter[object]()
    apart = []
    for row in rows:
        place = (row["y"], row.get("colour"), row.get("facet"))
        seen[place] += 1
        name = f"{row['y']} [{seen[place]}]" if seen[place] > 1 else f"{row['y']}"
        apart.append({**row, "y": f"{name} ({row['n']:,})" if "n" in row else name})
    return apart


def _break_lines(column: str, rows: Sequence[ChartRow]) -> Iterator[ChartRow]:
    """Yield the rows of each line in time order, and one row without a value per gap."""
    series: dict[tuple[object, object], list[ChartRow]] = {}
    for row in rows:
        series.setdefault((row.get("facet"), row.get("colour")), []).append(row)
    for line in series.values():
        line.sort(key=lambda row: str(row["x"]))
        for row, following in zip(line, [*line[1:], None], strict=True):
            yield row
            if following and str(row["x_end"]) < str(following["x"]):
                after = _step_after(column, date.fromisoformat(str(row["x_end"])))
                middle = _middle(date.fromisoformat(str(row["x_end"])), after)
                yield {**row, "x_middle": middle, "y": None, "low": None, "high": None}


def _parts(line: ChartLine, row: ChartRow) -> Iterator[ChartRow]:
    """Yield one row per part, end to end from 0. The interval is that of the first part."""
    whole = {key: value for key, value in row.items() if not key.startswith("part ") and key not in ("low", "high")}
    reached = 0.0
    for part in line.parts:
        share, start = row[f"part {part}"], reached
        reached = min(start + float(share), 1.0) if isinstance(share, int | float) else start
        bounds: ChartRow = {key: row[key] for key in ("low", "high") if key in row and part == line.parts[0]}
        yield {**whole, **bounds, "colour": column_label(part.removeprefix("share_")), "from": start, "to": reached}


def value_label(column: str, value: object) -> object:
    """Return a value as a word for people: a gender as in docs/tables.md; any other value is unchanged."""
    return _GENDERS.get(value, value) if column.endswith("gender") and isinstance(value, str) else value


def column_label(column: str) -> str:
    """Return the label of a column: its name with spaces."""
    return column.replace("_", " ")
