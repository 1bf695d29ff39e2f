"""Turn articles and annotations into rows, and rows into Arrow tables of the contract."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import asdict
from functools import cache
from operator import attrgetter
from typing import Any, NamedTuple

import pyarrow as pa

from newslake.pipeline.errors import ContractError
from newslake.pipeline.model import Annotation, Article
from newslake.pipeline.tables.schema import ARTICLES, ENTITIES, EVENTS, QUOTES
from newslake.pipeline.tables.spec import Row, TableSpec

_NESTED_ENCODERS: dict[str, Callable[[Any], object]] = {
    "blocks": lambda blocks: [{"kind": b.kind, "start_char": b.start, "end_char": b.end} for b in blocks],
    "co_speakers": lambda others: others and [asdict(other) for other in others],
    "credits": lambda named: [{"name": c.name, "kind": c.kind} for c in named],
    "field_methods": lambda methods: [{"field": m.field, "method": m.method} for m in methods],
    "quoted_spans": lambda parts: [{"start_char": start, "end_char": end} for start, end in parts],
}
_SCHEMAS = {spec.name: spec.schema for spec in (ARTICLES, ENTITIES, QUOTES, EVENTS)}
# Columns of articles with these names come from the annotation.
_ANNOTATION_FIELDS = frozenset(Annotation.__slots__)


def annotation_rows(
    article: Article, annotation: Annotation | None, *, model_name: str | None, pipeline_version: str
) -> dict[str, list[Row]]:
    """Return the rows of one article by table name, children included.

    An article in a language without data has no annotation: its counts are null, and it has no children.
    """
    keys: Row = {
        "article_id": article.article_id,
        "revision_id": article.revision_id,
        "published_at": article.published_at,
    }
    children = {
        ENTITIES: annotation.entities if annotation else (),
        QUOTES: annotation.quotes if annotation else (),
        EVENTS: annotation.events if annotation else (),
    }
    counts: Row = {
        f"{name}_count": len(children[spec]) if annotation else None
        for name, spec in (("entity", ENTITIES), ("quote", QUOTES), ("event", EVENTS))
    }
    read: Row = {name: getattr(annotation, name, None) for name in ARTICLES.schema.names if name in _ANNOTATION_FIELDS}
    versions: Row = {
        "model_name": model_name if annotation else None,
        "pipeline_version": pipeline_version,
        "kb_version": _knowledge_version(annotation) if annotation else None,
    }
    rows = {ARTICLES.name: [_row(ARTICLES, article, {**keys, **counts, **read, **versions})]}
    return rows | {spec.name: [_row(spec, child, keys) for child in objects] for spec, objects in children.items()}


def _knowledge_version(annotation: Annotation) -> str | None:
    return combine_versions((*(entity.kb_version for entity in annotation.entities), annotation.override_version))


def combine_versions(versions: Iterable[str | None]) -> str | None:
    """Return one version of the knowledge used in an article; None if no version is known.

    ``versions`` are the ``kb_version`` of its entities and the version of the corrections of its quotes.
    """
    known = sorted({version for version in versions if version is not None})
    return hashlib.sha256(" ".join(known).encode()).hexdigest()[:12] if known else None


def _row(spec: TableSpec, value: object, facts: Row) -> Row:
    read, encoders = _reader_of(spec.name, tuple(facts))
    row = {**facts, **dict(zip(read.names, read.values(value), strict=True))}
    for name, encode in encoders:
        row[name] = encode(row[name])
    return row


class _FieldReader(NamedTuple):
    """The columns that are fields of a value, and what gets their values."""

    names: tuple[str, ...]
    values: Callable[[object], tuple[object, ...]]


@cache
def _reader_of(
    table: str, others: tuple[str, ...]
) -> tuple[_FieldReader, tuple[tuple[str, Callable[[Any], object]], ...]]:
    """Return what reads the fields of a value for a row, without the columns ``others``, and the nested columns."""
    schema = _SCHEMAS[table]
    names = tuple(name for name in schema.names if name not in others)
    nested = (name for name in names if pa.types.is_nested(schema.field(name).type))
    encoders = tuple((name, _NESTED_ENCODERS.get(name, _plain_value)) for name in nested)
    return _FieldReader(names, attrgetter(*names)), encoders


def _plain_value(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def rows_table(spec: TableSpec, rows: Iterable[Row]) -> pa.Table:
    """Return rows as an Arrow table in the schema of the contract.

    Raises: ContractError if a value does not fit its column or a required value is missing.
    """
    try:
        table = pa.Table.from_pylist(list(rows), schema=spec.schema)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError) as error:
        raise ContractError(f"{spec.name}: {error}", key=spec.name, reason="contract_type") from error
    return table
