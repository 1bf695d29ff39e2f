"""The answer of a saved question as a table for people: labels, shares as percent, links to articles, long texts wide.

Columns that only machines read (ids, offsets, URLs) become links or are left to the CSV file.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from newslake.pipeline.addons.newsroom.rendering import MOST_DAYS, MOST_LETTERS
from newslake.pipeline.query.chart_data import column_label, is_share, value_label
from newslake.pipeline.query.connection import Connection, QueryResult, query
from newslake.pipeline.show.rendering import link, web_link

_LABELS = {
    "source_key": "source",
    "qid": "Wikidata id",
    "event_date": "date",
    "published_at": "published",
    "share": "share",
    "latest_url": "latest page",
}
_LONG = frozenset({"quote", "sentence", "title", "latest_detail"})
# Parts of a row's address, and the name of a facet that repeats two columns: the CSV file has them.
_MACHINE = frozenset(
    {"pair", "article_id", "url", "revision_id", "start_char", "end_char", "quote_index", "event_index"}
)
_MACHINE_SUFFIX = "_cluster_id"
_ARTICLES_SQL = """\
SELECT article_id, url, canonical_url, title FROM articles_stored
WHERE article_id IN (SELECT unnest(getvariable('ids'))) OR url IN (SELECT unnest(getvariable('urls')))
  OR canonical_url IN (SELECT unnest(getvariable('urls')))"""
_MOST_NARROW, _MOST_SLIM = 8, 5  # columns
# Columns with the name of a person; "speaker" only in an answer without texts, where no organisation is a speaker.
_PEOPLE = frozenset({"person", "other_person"})
# The anchor of a row in the page of its article, by the column of its index.
_ANCHORS = {"quote_index": "q", "event_index": "v"}


@dataclass(frozen=True, slots=True)
class AnswerColumn:
    """A column of the table. ``look`` is a class of style.css: "number", "text", "link", "day" or ""."""

    name: str
    label: str
    look: str


@dataclass(frozen=True, slots=True)
class AnswerCell:
    """A value as text, with the page that it links to; ``is_outside`` for a publisher's page; "" for no link.

    ``below`` is shown below it in the same cell: the article of a text, if the answer has many columns.
    """

    text: str
    href: str = ""
    is_outside: bool = False
    below: tuple["AnswerCell", ...] = ()


@dataclass(frozen=True, slots=True)
class AnswerTable:
    """The shown columns and rows of an answer. ``look`` is a class of style.css: "wide", "slim" or ""."""

    columns: tuple[AnswerColumn, ...]
    rows: tuple[tuple[AnswerCell, ...], ...]
    look: str


def build_answer_table(
    connection: Connection, answer: QueryResult, *, root: str, most: int, period: tuple[date | None, date | None]
) -> AnswerTable:
    """Return the first ``most`` rows of an answer as a table. The connection is that of the answer.

    Links to people have the first and last day of ``period``, if both are known and a page can show
    them all.
    """
    rows = answer.records()[:most]
    columns = [
        AnswerColumn(name, _label(name), _look(name, [row[name] for row in rows]))
        for name in answer.columns
        if not (name in _MACHINE or name.endswith(_MACHINE_SUFFIX))
    ]
    known = _articles_of(connection, rows)
    has_article = bool({"article_id", "url"} & set(answer.columns)) and "title" not in answer.columns
    if has_article:
        columns.append(AnswerColumn("article", "article", "link"))
    looks = {column.look for column in columns}
    is_wide = len(columns) > _MOST_NARROW and "text" in looks
    days = _days(*period)
    cells = [tuple(_cells(columns, row, known=known, root=root, days=days)) for row in rows]
    if is_wide:  # the long text must not begin outside of the window
        columns, cells = _narrow(columns, cells)
    is_slim = len(columns) <= _MOST_SLIM and not looks & {"text", "link"}
    return AnswerTable(columns=tuple(columns), rows=tuple(cells), look="wide" if is_wide else "slim" if is_slim else "")


def _narrow(
    columns: Sequence[AnswerColumn], rows: Sequence[Sequence[AnswerCell]]
) -> tuple[list[AnswerColumn], list[tuple[AnswerCell, ...]]]:
    """Return a table with its long text second, and with article and publisher below that text."""
    names = [column.name for column in columns]
    text = next(at for at, column in enumerate(columns) if column.look == "text")
    below = [names.index(name) for name in ("article", "publisher") if name in names]
    others = [at for at in range(1, len(columns)) if at != text and at not in below]
    order = [*dict.fromkeys((0, text)), *others]
    narrow = []
    for row in rows:
        whole = replace(row[text], below=tuple(row[at] for at in below if row[at].text))
        narrow.append(tuple(whole if at == text else row[at] for at in order))
    return [columns[at] for at in order], narrow


def _articles_of(connection: Connection, rows: Sequence[Mapping[str, object]]) -> Mapping[object, tuple[str, str]]:
    """Return id and title of the articles that the rows name, by article_id and by URL."""
    ids, urls = ([row[name] for row in rows if row.get(name)] for name in ("article_id", "url"))
    if not (ids or urls):
        return {}
    connection.execute("SET VARIABLE ids = ?::VARCHAR[]", [ids])
    connection.execute("SET VARIABLE urls = ?::VARCHAR[]", [[] if ids else urls])
    articles = query(connection, _ARTICLES_SQL).rows
    by_key: dict[object, tuple[str, str]] = {}
    for article_id, url, canonical_url, title in articles:
        by_key |= dict.fromkeys((article_id, url, canonical_url), (str(article_id), str(title or "Untitled")))
    by_key.pop(None, None)
    return by_key


def _cells(
    columns: Sequence[AnswerColumn],
    row: Mapping[str, object],
    *,
    known: Mapping[object, tuple[str, str]],
    root: str,
    days: Mapping[str, date],
) -> Iterator[AnswerCell]:
    url = row.get("url")
    article = known.get(row.get("article_id")) or known.get(url)
    href = f"{link(root, f'articles/{article[0]}')}{_anchor(row)}" if article else ""
    people = _PEOPLE if any(column.look == "text" for column in columns) else _PEOPLE | {"speaker"}
    for column in columns:
        if column.name in people and row[column.name]:
            name = str(row[column.name])
            yield AnswerCell(name, link(root, "people", name=name, **days) if len(name) <= MOST_LETTERS else "")
        elif column.name == "article" and column.name not in row:
            yield AnswerCell(article[1], href) if article else _outside(url)
        elif column.name == "title":
            title = _text(column.name, row["title"])
            yield AnswerCell(title, href) if href else replace(_outside(url), text=title)
        elif column.name == "latest_url" and row["latest_url"]:
            yield AnswerCell(str(row["latest_url"]), link(root, "why", url=row["latest_url"]))
        else:
            yield AnswerCell(_text(column.name, row[column.name]))


def _days(first: date | None, last: date | None) -> dict[str, date]:
    """Return the parameters of a link for the days; none for an open period, or one that a page cannot show."""
    is_short = first is not None and last is not None and (last - first).days < MOST_DAYS
    return {"from_": first, "to": last} if first is not None and last is not None and is_short else {}


def _outside(url: object) -> AnswerCell:
    return AnswerCell("publisher's page", web_link(str(url)), is_outside=True) if url else AnswerCell("")


def _anchor(row: Mapping[str, object]) -> str:
    """Return the fragment of a row's place in its article; "" if the row has no index."""
    for name, prefix in _ANCHORS.items():
        if isinstance(index := row.get(name), int):
            return f"#{prefix}{index + 1}"
    return ""


def _label(name: str) -> str:
    if name in _LABELS:
        return _LABELS[name]
    label = name.removesuffix("_at") if name.endswith("_at") else name
    return column_label(label.removeprefix("share_").removeprefix("of_") if is_share(name) else label)


def _look(name: str, values: Sequence[object]) -> str:
    present = [value for value in values if value is not None]
    if name in _LONG:
        return "text"
    if present and all(isinstance(value, int | float | Decimal) and not isinstance(value, bool) for value in present):
        return "number"
    return "day" if present and all(isinstance(value, date) for value in present) else ""


def _text(name: str, value: object) -> str:
    """Return a value as text: a share as percent, a time to the minute, large numbers with commas; "" for null."""
    if value is None:
        return ""
    if isinstance(value, float) and is_share(name):
        return f"{value:.1%}".replace("%", " %")
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if type(value) is int:
        return f"{value:,}"
    return f"{value:.2f}" if name == "confidence" and isinstance(value, float) else str(value_label(name, value))
