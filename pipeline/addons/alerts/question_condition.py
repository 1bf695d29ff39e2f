"""Alerts on the news: rows of a saved question or of a SELECT statement, each with its receipt."""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Literal

from newslake.pipeline.addons.alerts.alert import AlertCheck, AlertItem
from newslake.pipeline.addons.alerts.rules import AlertRules, QuestionRule, is_within, rule_error
from newslake.pipeline.errors import ConfigError, did_you_mean
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.query.connection import Connection, Limits, apply_limits, connect, query
from newslake.pipeline.query.saved_queries import check_options, question_named, set_options, sql_of

ITEMS_MAX = 1_000  # items of one check
_ROWS_MAX = 100_000
_CONFIDENCE = "confidence"
_INDEPENDENT = ("independent_count", "independent_reports")
# The columns that number the rows of an article, and the table that `newslake why` takes for them.
_INDEXES = {"quote_index": "quotes", "event_index": "events", "entity_index": "entities"}
_HEADLINE = ("speaker", "event_type", "person", "title", "quote", "sentence")
_HEADLINE_CHARS, _VALUE_CHARS = 200, 500
_NUMBER = re.compile(r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|FLOAT|DOUBLE|DECIMAL\(.*")
_TEXT_LIKE = re.compile(r"VARCHAR|DATE|BOOLEAN|TIMESTAMP.*")
_ARTICLES = """\
SELECT article_id, coalesce(canonical_url, url) AS page, published_at, url, canonical_url
FROM articles_stored
WHERE list_contains(getvariable('ids'), article_id)
  OR list_contains(getvariable('urls'), url) OR list_contains(getvariable('urls'), canonical_url)"""

Row = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class _ArticleFacts:
    """What a receipt needs from the article of a row."""

    article_id: str
    url: str | None
    published_at: datetime | None


def check_question_rule(rule: QuestionRule, *, path: Path, nowhere: Path) -> None:
    """Prepare the SQL of a rule without running it, and check its options and columns.

    ``nowhere`` is a folder without tables: the views have the same columns there, and no file of the lake is read.
    Raises: ConfigError with the file, the rule, and the wrong key.
    """
    types = _column_types(rule, path=path, nowhere=nowhere)
    if rule.threshold is not None:
        column = rule.threshold.column
        _require(rule, path, "column", column, [name for name, kind in types.items() if _NUMBER.fullmatch(kind)])
    for column in rule.key:
        _require(rule, path, "key", column, types)
    for key, columns in ((_CONFIDENCE, (_CONFIDENCE,)), ("independent", _INDEPENDENT)):
        if f"min_{key}" in rule.is_explicit and not types.keys() & {*columns}:
            message = f"the rows have no column {' or '.join(columns)}; select it, or remove the key"
            raise rule_error(path, rule.policy.rule, f"min_{key}", message)


def _require(rule: QuestionRule, path: Path, key: str, column: str, known: Mapping[str, str] | Sequence[str]) -> None:
    if column not in known:
        what = "number" if key == "column" else "column"
        message = f"the rows have no {what} {column!r}; {did_you_mean(column, known)}"
        raise rule_error(path, rule.policy.rule, key, message)


def _column_types(rule: QuestionRule, *, path: Path, nowhere: Path) -> Mapping[str, str]:
    """Return the SQL types of the columns of a rule's rows. Raises: ConfigError."""
    key = "question"
    try:
        connection = connect(nowhere)
        if rule.question is not None:
            question = question_named(rule.question)
            key = "options"
            check_options(question, rule.options)
        key = "sql" if rule.question is None else "question"
        query(connection, f"EXPLAIN {_sql(rule)}")  # refuses what is not one SELECT statement
        described = query(connection, f"DESCRIBE {_sql(rule)}")
    except ConfigError as error:
        raise rule_error(path, rule.policy.rule, key, str(error)) from error
    return {str(row[0]): str(row[1]) for row in described.rows}


def _sql(rule: QuestionRule) -> str:
    """Return the SQL of a rule. The limit of a saved question is replaced, so that no new row is missed."""
    if rule.question is not None:
        return sql_of(question_named(rule.question), limit=_ROWS_MAX)
    return str(rule.sql)


def check_question(workspace: Workspace, rule: QuestionRule, rules: AlertRules) -> AlertCheck:
    """Return the rows of a rule as items, in the order of its SQL; at most ``ITEMS_MAX`` of them.

    Raises: LimitError for a question that takes too long or has too many rows, ConfigError, LakeError.
    """
    settings = workspace.settings
    limits = Limits(
        seconds=rule.timeout or settings.sql_seconds,
        memory_mb=settings.sql_memory_mb,
        threads=None,
        rows=_ROWS_MAX,
        advice="give the rule fewer days or more conditions",
    )
    since = settings.now().date() - timedelta(days=rule.days - 1)
    kind: Literal["state", "rows"] = "rows" if rule.threshold is None else "state"
    with apply_limits(limits):
        connection = connect(workspace.place, since=since)
        if rule.question is not None:
            set_options(connection, question_named(rule.question), rule.options)
        matches = query(connection, _sql(rule))
        names = _identity(rule, query(connection, f"DESCRIBE {_sql(rule)}").rows)
        by_key: dict[str, Row] = {}
        for row in matches.records():
            if _is_sure(rule, row):
                by_key.setdefault(_key_of(row, names), row)
        shown = dict(list(by_key.items())[:ITEMS_MAX])
        articles = _articles_of(connection, shown.values())
    items = tuple(_item(key, row, articles, rule=rule, public_url=rules.public_url) for key, row in shown.items())
    return AlertCheck(rule=rule.policy.rule, kind=kind, items=items, unlisted=tuple(by_key)[ITEMS_MAX:])


def _is_sure(rule: QuestionRule, row: Row) -> bool:
    """Return whether a row is within the bounds of confidence and reports, and meets the threshold."""
    if _CONFIDENCE in row and not is_within(row[_CONFIDENCE], at_least=rule.min_confidence):
        return False
    if any(name in row and not is_within(row[name], at_least=rule.min_independent) for name in _INDEPENDENT):
        return False
    return rule.threshold is None or rule.threshold.is_met(row[rule.threshold.column])


# Identity of rows.


def _identity(rule: QuestionRule, described: Sequence[Sequence[object]]) -> tuple[str, ...]:
    """Return the columns that identify a row.

    Those of ``key``; else the id of the event cluster; else the article with the number of the row in it; else all.
    The rows of a threshold are identified by their text, days and times, because their numbers change.
    """
    types = {str(row[0]): str(row[1]) for row in described}
    if rule.key:
        return rule.key
    if "event_cluster_id" in types:
        return ("event_cluster_id",)
    index = next((name for name in _INDEXES if name in types), None)
    if "article_id" in types and index is not None:
        return ("article_id", index)
    if rule.threshold is None:
        return tuple(types)
    return tuple(name for name, kind in types.items() if _TEXT_LIKE.fullmatch(kind) and name != rule.threshold.column)


def _key_of(row: Row, names: Sequence[str]) -> str:
    """Return the key of a row: ids and numbers as they are, anything else as a hash, so that it holds no words."""
    if {*names} <= {"article_id", "event_cluster_id", *_INDEXES}:
        return ":".join(str(row[name]) for name in names)
    text = "\x1f".join(f"{name}={row[name]!r}" for name in names)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


# Receipts.


def _articles_of(connection: Connection, rows: Iterable[Row]) -> Mapping[str, _ArticleFacts]:
    """Return the articles of some rows, by ``article_id`` and by each of their URLs."""
    known = list(rows)
    ids = sorted({str(row["article_id"]) for row in known if row.get("article_id")})
    urls = sorted({str(row["url"]) for row in known if row.get("url") and not row.get("article_id")})
    connection.execute("SET VARIABLE ids = ?::VARCHAR[]", [ids])
    connection.execute("SET VARIABLE urls = ?::VARCHAR[]", [urls])
    articles: dict[str, _ArticleFacts] = {}
    for article_id, page, published_at, url, canonical in query(connection, _ARTICLES).rows if ids or urls else ():
        at = published_at if isinstance(published_at, datetime) else None
        facts = _ArticleFacts(str(article_id), str(page) if page else None, at)
        articles |= {str(name): facts for name in (article_id, url, canonical) if name}
    return articles


def _item(
    key: str, row: Row, articles: Mapping[str, _ArticleFacts], *, rule: QuestionRule, public_url: str | None
) -> AlertItem:
    facts = articles.get(str(row.get("article_id") or row.get("url")))
    article_id = str(row["article_id"]) if row.get("article_id") else facts.article_id if facts else None
    threshold = rule.threshold
    title = _headline(row)
    if threshold is not None:
        title = f"{title}: {threshold.column} is {row[threshold.column]}".removeprefix(": ")
    row_url = row.get("url")
    at = row.get("published_at")
    return AlertItem(
        key=key,
        title=title or "a row without text",
        detail="\n".join(_lines(row)),
        article_id=article_id,
        article_url=str(row_url) if row_url else facts.url if facts else None,
        receipt=f"{public_url}/newsroom/articles/{article_id}" if public_url and article_id else None,
        command=f"newslake why {_why(article_id, row)}" if article_id else None,
        at=at if isinstance(at, datetime) else facts.published_at if facts else None,
    )


def _why(article_id: str, row: Row) -> str:
    """Return what `newslake why` takes for a row: the row itself, else its article."""
    for name, table in _INDEXES.items():
        if row.get("article_id") and row.get(name) is not None:
            return f"{article_id}:{table}:{row[name]}"
    return article_id


def _headline(row: Row) -> str:
    """Return a row as one line: speaker, event, title or quote if it has any, else its first three texts."""
    parts = [str(row[name]) for name in _HEADLINE if row.get(name)]
    texts = (value for name, value in row.items() if isinstance(value, str) and value and _is_shown(name))
    return _cut(" · ".join(parts or islice(texts, 3)), _HEADLINE_CHARS)


def _lines(row: Row) -> Iterator[str]:
    for name, value in row.items():
        if value not in (None, "") and _is_shown(name) and name not in _HEADLINE:
            text = value.isoformat() if isinstance(value, date | datetime) else str(value)
            yield f"{name.replace('_', ' ')}: {_cut(text, _VALUE_CHARS)}"


def _is_shown(name: str) -> bool:
    return name != "url" and not name.endswith(("_id", "_index", "_char"))


def _cut(text: str, most: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1]}…"
