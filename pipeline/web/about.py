"""What is known of an article as a whole, each with the method that found it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from pipeline.tables.spec import Row

# Columns of ``articles`` in the order of the page, with their names there.
_EXTRACTED_FIELDS = {
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
_FETCH_FIELDS = {"source_key": "source", "http_status": "HTTP status", "raw_ref": "raw record"}
_VERSION_FIELDS = {
    "extractor": "body chosen by",
    "model_name": "read by",
    "pipeline_version": "pipeline version",
    "kb_version": "names as known in",
}
_ID_FIELDS = {"article_id": "article", "revision_id": "revision", "canonical_url": "canonical URL", "url": "URL"}


@dataclass(frozen=True, slots=True)
class Field:
    """One field: its name on the page, its value in words, and ``how`` it was found, "" where nothing says."""

    name: str
    value: str
    how: str


def build_fields(article: Row, copies: Sequence[Row] = ()) -> tuple[Field, ...]:
    """Return the fields of an article that have a value; ``copies`` is its row of that table, where it has one."""
    return tuple(each for each in (*_all_fields(article), *map(_copy_field, copies)) if each.value)


def _copy_field(row: Row) -> Field:
    if not row["is_copy"]:
        return Field("copy of article", "", "")
    return Field("copy of article", row["dup_group_id"], f"by {row['method']}, similarity {row['similarity']:.2f}")


def _all_fields(article: Row) -> Iterator[Field]:
    methods = {each["field"]: f"by {each['method']}" for each in article["field_methods"] or ()}
    yield Field("title", article["title"] or "", methods.get("title", ""))
    yield Field("published", describe_published(article) or "not known", _dated_by(article))
    yield Field("changed", _moment(article["modified_at"]), "as the page says")
    for column, name in _EXTRACTED_FIELDS.items():
        yield Field(name, _value_text(article[column]), methods.get(column, ""))
    yield Field("words", f"{article['word_count']:,}", methods.get("body", ""))
    yield Field("fetched", _moment(article["fetched_at"]), "first fetch of this content")
    for names in (_FETCH_FIELDS, _VERSION_FIELDS, _ID_FIELDS):
        yield from (Field(name, _value_text(article[column]), "") for column, name in names.items())


def describe_published(article: Row) -> str:
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


def _value_text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else ""
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)
