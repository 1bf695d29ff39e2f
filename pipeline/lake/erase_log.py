"""Pages taken out of the log: their rows stay and are counted, and name them no more."""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from pipeline.lake.encoding import encode, in_order
from pipeline.lake.layout import Disk
from pipeline.lake.log import read_file
from pipeline.lake.seal import BLANK_SEAL, sealed_parquet
from pipeline.tables import table_named

_NAME = "outcomes"
_FILE = "__filename"
_NEEDED = ("url", "article_id", "source_key", _FILE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unnamed:
    """Whose rows are to name them no more: some articles', some pages', or one source's; all of them where that is
    None.

    ``hosts`` are those of the pages, ``is_page`` says whether a URL is one of them, ``alias`` gives what stands in its
    place.
    """

    article_ids: Collection[str]
    hosts: Collection[str]
    is_page: Callable[[str], bool]
    alias: Callable[[str], str]
    source_key: str | None = None


def unname(root: Path, disk: Disk, unnamed: Unnamed) -> int:
    """Rewrite the files of the log that name some pages; return how many rows no longer do."""
    spec, changed = table_named(_NAME), 0
    for path in _files_with(root, unnamed):
        table = read_file(path, spec)
        rows = table.to_pylist()
        hits = [number for number, row in enumerate(rows) if _is_hit(row, unnamed)]
        if hits:
            for number in hits:
                rows[number] |= _without_name(rows[number], unnamed)
            table = in_order(pa.Table.from_pylist(rows, schema=spec.schema), spec)
            disk.replace(path, sealed_parquet(encode(table, spec, metadata=BLANK_SEAL)))
            changed += len(hits)
    return changed


def _without_name(row: dict[str, Any], unnamed: Unnamed) -> dict[str, Any]:
    """Return what changes in a row: what became of the page stays, so that every sum of the log stays true."""
    alias = {"url": unnamed.alias(row["url"]), "article_id": None, "detail": None, "raw_ref": None}
    return alias | {"reason": "forgotten"}


def _files_with(root: Path, unnamed: Unnamed) -> list[Path]:
    """Return the files that may name any of the pages; looks at the columns of names alone."""
    files = sorted(map(str, (root / "log" / _NAME).glob("*/*.parquet")))
    if not files:
        return []
    rows = ds.dataset(files, format="parquet").scanner(columns=list(_NEEDED), filter=_filter(unnamed)).to_table()
    urls = {url: unnamed.source_key is None and unnamed.is_page(url) for url in pc.unique(rows["url"]).to_pylist()}
    found = zip(*(rows[name].to_pylist() for name in _NEEDED), strict=True)
    return sorted({Path(file) for url, each, key, file in found if urls[url] or _is_of(each, key, unnamed)})


def _filter(unnamed: Unnamed) -> ds.Expression:
    if unnamed.source_key is not None:
        return ds.field("source_key") == unnamed.source_key
    wanted = ds.field("article_id").isin(sorted(unnamed.article_ids))
    if unnamed.hosts:
        pattern = "|".join(map(re.escape, sorted(unnamed.hosts)))
        wanted |= pc.match_substring_regex(ds.field("url"), pattern, ignore_case=True)
    return wanted


def _is_hit(row: dict[str, Any], unnamed: Unnamed) -> bool:
    return _is_of(row["article_id"], row["source_key"], unnamed) or (
        unnamed.source_key is None and unnamed.is_page(row["url"])
    )


def _is_of(article_id: str | None, source_key: str, unnamed: Unnamed) -> bool:
    if unnamed.source_key is not None:
        return source_key == unnamed.source_key
    return article_id in unnamed.article_ids
