"""Pages taken out of the log: their rows stay and are counted, and name them no more."""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from pipeline.lake.encoding import encode, sort_rows
from pipeline.lake.log_tables import read_log_file
from pipeline.lake.seal import EMPTY_CHECKSUM, checksummed_parquet
from pipeline.lake.storage import Disk
from pipeline.tables import table_named

_TABLE = "outcomes"
_FILE_COLUMN = "__filename"
_NEEDED = ("url", "article_id", "source_key", _FILE_COLUMN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Redaction:
    """Rows to redact: those of some articles, some pages, or one source. Where ``source_key`` is None, those of
    articles and pages.

    ``hosts`` are the hosts of the pages, ``is_page`` says whether a URL is one of them, ``alias`` returns what replaces
    the URL.
    """

    article_ids: Collection[str]
    hosts: Collection[str]
    is_page: Callable[[str], bool]
    alias: Callable[[str], str]
    source_key: str | None = None


def redact_log(root: Path, disk: Disk, redaction: Redaction) -> int:
    """Rewrite the files of the log that name some pages; return how many rows were redacted."""
    spec, changed = table_named(_TABLE), 0
    for path in _files_to_redact(root, redaction):
        table = read_log_file(path, spec)
        rows = table.to_pylist()
        hits = [number for number, row in enumerate(rows) if _names_page(row, redaction)]
        if hits:
            for number in hits:
                rows[number] |= _redacted_fields(rows[number], redaction)
            table = sort_rows(pa.Table.from_pylist(rows, schema=spec.schema), spec)
            disk.replace(path, checksummed_parquet(encode(table, spec, metadata=EMPTY_CHECKSUM)))
            changed += len(hits)
    return changed


def _redacted_fields(row: dict[str, Any], redaction: Redaction) -> dict[str, Any]:
    """Return the changed fields of a row: the outcome stays, so that every sum of the log stays true."""
    alias = {"url": redaction.alias(row["url"]), "article_id": None, "detail": None, "raw_ref": None}
    return alias | {"reason": "forgotten"}


def _files_to_redact(root: Path, redaction: Redaction) -> list[Path]:
    """Return the files that may name any of the pages; looks at the columns of names alone."""
    files = sorted(map(str, (root / "log" / _TABLE).glob("*/*.parquet")))
    if not files:
        return []
    rows = ds.dataset(files, format="parquet").scanner(columns=list(_NEEDED), filter=_filter(redaction)).to_table()
    urls = {url: redaction.source_key is None and redaction.is_page(url) for url in pc.unique(rows["url"]).to_pylist()}
    found = zip(*(rows[name].to_pylist() for name in _NEEDED), strict=True)
    return sorted({Path(file) for url, each, key, file in found if urls[url] or _names_article(each, key, redaction)})


def _filter(redaction: Redaction) -> ds.Expression:
    if redaction.source_key is not None:
        return ds.field("source_key") == redaction.source_key
    wanted = ds.field("article_id").isin(sorted(redaction.article_ids))
    if redaction.hosts:
        pattern = "|".join(map(re.escape, sorted(redaction.hosts)))
        wanted |= pc.match_substring_regex(ds.field("url"), pattern, ignore_case=True)
    return wanted


def _names_page(row: dict[str, Any], redaction: Redaction) -> bool:
    return _names_article(row["article_id"], row["source_key"], redaction) or (
        redaction.source_key is None and redaction.is_page(row["url"])
    )


def _names_article(article_id: str | None, source_key: str, redaction: Redaction) -> bool:
    if redaction.source_key is not None:
        return source_key == redaction.source_key
    return article_id in redaction.article_ids
