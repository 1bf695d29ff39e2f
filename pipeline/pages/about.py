"""What is known of an article as a whole, each with the method that found it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

Row = Mapping[str, Any]
# Columns of ``articles`` in the order of the page, with their names there.
_FOUND = {
    "authors": "authors",
    "publisher": "publisher",
    "section": "section",
    "tags": "tags",
    "language": "language",
    "page_type": "page type",
    "wire_agency": "agency",
    "is_paywalled": "behind a paywall",
    "tdm_reserved": "mining reserved",
    "flags": "flags",
}
_FETCHED = {"source_key": "source", "http_status": "HTTP status", "raw_ref": "raw record"}
_READ_BY = {
    "extractor": "body chosen by",
    "model_name": "read by",
    "pipeline_version": "pipeline version",
    "kb_version": "names as known in",
}
_NAMES = {"article_id": "article", "revision_id": "revision", "canonical_url": "canonical URL", "url": "URL"}


@dataclass(frozen=True, slots=True)
class Field:
    """One field: its name on the page, its value in words, and ``how`` it was found, "" where nothing says."""

    name: str
    value: str
    how: str


def fields_of(article: Row, copies: Sequence[Row] = ()) -> tuple[Field, ...]:
    """Return the fields of an article that have a value; ``copies`` is its row of that table, where it has one."""
    return tuple(each for each in (*_fields(article), *map(_copy_of, copies)) if each.value)


def _copy_of(row: Row) -> Field:
    if not row["is_copy"]:
        return Field("copy of article", "", "")
    return Field("copy of article", row["dup_group_id"], f"by {row['method']}, similarity {row['similarity']:.2f}")


def _fields(article: Row) -> Iterator[Field]:
    methods = {each["field"]: f"by {each['method']}" for each in article["field_methods"] or ()}
    yield Field("title", article["title"] or "", methods.get("title", ""))
    yield Field("published", published_told(article) or "not known", _dated_by(article))
    yield Field("changed", _moment(article["modified_at"]), "as the page says")
    for column, name in _FOUND.items():
        yield Field(name, _words(article[column]), methods.get(column, ""))
    yield Field("words", f"{article['word_count']:,}", methods.get("body", ""))
    yield Field("fetched", _moment(article["fetched_at"]), "first fetch of this content")
    for names in (_FETCHED, _READ_BY, _NAMES):
        yield from (Field(name, _words(article[column]), "") for column, name in names.items())


def published_told(article: Row) -> str:
    """Return when an article was published, to the precision that is known; "" where that is not at all."""
    at = article["published_at"]
    if at is None:
        return ""
    return f"{at:%Y-%m-%d}" if article["published_at_precision"] == "day" else _moment(at)


def _dated_by(article: Row) -> str:
    precision, zone = article["published_at_precision"], article["published_at_zone"]
    parts = [f"by {article['published_at_method']}", precision and f"to the {precision}", zone and f"written {zone}"]
    return ", ".join(filter(None, parts))


def _moment(at: datetime | None) -> str:
    return "" if at is None else f"{at:%Y-%m-%d %H:%M:%S} UTC"


def _words(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else ""
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)
