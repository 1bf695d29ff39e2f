"""Checks before a commit: every row of a batch against the contract."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from newslake.pipeline.tables.schema import ANNOTATION_TABLES, TABLE_SPECS
from newslake.pipeline.tables.spec import TableSpec

RowsByTable = Mapping[str, Sequence[Mapping[str, Any]]]

# Columns whose text must equal text[start:end]: (table, start column, end column, text column).
_SPANS = (
    ("entities", "start_char", "end_char", "entity_text"),
    ("quotes", "start_char", "end_char", "quote_text"),
    ("quotes", "speaker_start_char", "speaker_end_char", "speaker_text"),
    ("quotes", "reported_by_start_char", "reported_by_end_char", "reported_by_text"),
    ("quotes", "reporting_clause_start_char", "reporting_clause_end_char", "reporting_clause_text"),
    ("events", "start_char", "end_char", "trigger_text"),
)
_COUNTS = (("entities", "entity_count"), ("quotes", "quote_count"), ("events", "event_count"))
_GENDER_RULE = "every person of an article has one, or none has, and nothing else has one"
_CHILDREN = tuple(spec.name for spec in ANNOTATION_TABLES if spec.name != "articles")


def check_rows(rows: RowsByTable) -> tuple[str, ...]:
    """Return the breaches of the contract in one article's rows, as sentences that name table, row and column.

    ``rows`` are the article's rows by table name, as from ``annotation_rows``. Types are not checked here. An article
    with a breach is quarantined. `newslake lake verify --deep` checks committed rows with ``check_offsets``.
    """
    return tuple(breach for check in ROW_CHECKS for breach in check(rows))


def _offset_breaches(rows: RowsByTable) -> Iterator[str]:
    """Yield a breach per row whose offsets do not give the recorded text."""
    text = rows["articles"][0]["text"]
    yield from (
        f"{table}[{index}].{column}: text[{row[start]}:{row[end]}] is not {row[column]!r}"
        for table, start, end, column in _SPANS
        for index, row in enumerate(rows[table])
        if row[start] is not None and text[row[start] : row[end]] != row[column]
    )


def _time_breaches(rows: RowsByTable) -> Iterator[str]:
    """Yield a breach if the article was modified before it was published."""
    article = rows["articles"][0]
    published, modified = article["published_at"], article["modified_at"]
    if published is not None and modified is not None and modified < published:
        yield f"articles[0].modified_at: {modified} is before published_at, {published}"


def _gender_breaches(rows: RowsByTable) -> Iterator[str]:
    """Yield a breach per entity with a gender that is no person, or a person without where others have one."""
    entities = rows["entities"]
    has_genders = any(row["entity_type"] == "PERSON" and row["gender"] is not None for row in entities)
    for index, row in enumerate(entities):
        is_expected = has_genders and row["entity_type"] == "PERSON"
        if (row["gender"] is not None) != is_expected:
            yield f"entities[{index}].gender: {row['gender']} for {row['entity_type']}; {_GENDER_RULE}"


# Each yields the breaches in one article's rows.
ROW_CHECKS: tuple[Callable[[RowsByTable], Iterator[str]], ...] = (_offset_breaches, _time_breaches, _gender_breaches)


def check_offsets(tables: Mapping[str, pa.Table]) -> Iterator[str]:
    """Yield a breach per row of the annotation tables whose offsets do not give the recorded text.

    The same check as ``_offset_breaches``, for many articles at once. Rows without their article are skipped.
    """
    articles = tables["articles"]
    texts = dict(zip(articles["article_id"].to_pylist(), articles["text"].to_pylist(), strict=True))
    for table, *columns in _SPANS:
        names = ("article_id", *columns)
        rows = zip(*(tables[table][name].to_pylist() for name in names), strict=True)
        for row, (article_id, start, end, expected_text) in enumerate(rows):
            if start is not None and texts.get(article_id, "")[start:end] != expected_text:
                yield f"{table}[{row}].{columns[2]}: text[{start}:{end}] of {article_id} is not {expected_text!r}"


def check_genders(tables: Mapping[str, pa.Table]) -> Iterator[str]:
    """Yield a breach per article with an entity whose gender contradicts its type.

    The same check as ``_gender_breaches``, for many articles at once.
    """
    entities = tables["entities"].select(["article_id", "entity_type", "gender"])
    is_person = pc.equal(entities["entity_type"], "PERSON")
    others = entities.filter(pc.and_(pc.invert(is_person), pc.is_valid(entities["gender"])))
    breaking = dict.fromkeys(others["article_id"].to_pylist())
    counts = entities.filter(is_person).group_by("article_id").aggregate([("gender", "count"), ([], "count_all")])
    some = zip(*(counts[name].to_pylist() for name in ("article_id", "gender_count", "count_all")), strict=True)
    breaking |= dict.fromkeys(article_id for article_id, with_gender, all_of in some if 0 < with_gender < all_of)
    yield from (f"entities.gender: wrong in {article_id}; {_GENDER_RULE}" for article_id in breaking)


def check_batch(tables: Mapping[str, pa.Table]) -> tuple[str, ...]:
    """Return the breaches of the contract in one batch of tables, as sentences that name table and column.

    It checks schema, nulls, closed vocabularies and unique keys of each table. In annotation tables, every child also
    needs its parent, and every parent the number of children that it counts.
    """
    breaches = [breach for name, table in tables.items() for breach in _table_breaches(TABLE_SPECS[name], table)]
    if not breaches and "articles" in tables:
        breaches += _child_breaches(tables)
    return tuple(breaches)


def _table_breaches(spec: TableSpec, table: pa.Table) -> Iterator[str]:
    if table.schema.names != spec.schema.names or table.schema.types != spec.schema.types:
        yield f"{spec.name}: its columns are not those of the contract"
        return
    for column in spec.columns:
        values = table[column.name]
        if not column.nullable and values.null_count:
            yield f"{spec.name}.{column.name}: {values.null_count} nulls in a required column"
        if column.values and (strange := set(pc.unique(values).to_pylist()) - {*column.values, None}):
            yield f"{spec.name}.{column.name}: {sorted(strange)} not among {list(column.values)}"
    if table.num_rows != table.group_by(list(spec.key)).aggregate([]).num_rows:
        yield f"{spec.name}: {spec.key} is not unique"


def _child_breaches(tables: Mapping[str, pa.Table]) -> Iterator[str]:
    articles = tables["articles"]
    ids = ("article_id", "revision_id")
    for name in _CHILDREN:
        orphans = tables[name].select(ids).join(articles.select(ids), list(ids), join_type="left anti")
        if orphans.num_rows:
            yield f"{name}: {orphans.num_rows} rows without their article, first {orphans['article_id'][0]}"
    for name, count in _COUNTS:
        grouped = tables[name].group_by("article_id").aggregate([("article_id", "count")])
        child_counts = dict(
            zip(grouped["article_id"].to_pylist(), grouped["article_id_count"].to_pylist(), strict=True)
        )
        for article_id, expected in zip(articles["article_id"].to_pylist(), articles[count].to_pylist(), strict=True):
            if child_counts.get(article_id, 0) != (expected or 0):
                yield f"articles.{count}: {article_id} says {expected}, {name} has {child_counts.get(article_id, 0)}"
