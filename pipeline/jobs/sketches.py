"""The sketches of a day's articles, kept beside the lake: a text is read once, and not again for each batch near it."""

from datetime import date

import pyarrow as pa

from pipeline.clusters import SKETCH_FIELDS, sketches_of
from pipeline.jobs.versions import sketch_version
from pipeline.lake import Lake

# With these equal, the text is: it was cleaned from the same bytes by the same rules.
_TEXT_KEY = ("article_id", "revision_id", "raw_ref", "pipeline_version")
_SKETCH_COLUMNS = ("published_date", *_TEXT_KEY, "published_at", "fetched_at", "content_hash", "domain")
_SKETCHES = tuple(field.name for field in SKETCH_FIELDS)
_INPUT_KEY = b"made_from"
_TEXTS_PER_BATCH = 1000  # texts in memory


def sketch_articles(lake: Lake, day: date) -> pa.Table:
    """Return a day's articles with their sketches, without text.

    Reads what was kept if the articles did not change since; else the columns of the day, and texts of the day only if
    one is new. What was kept in another version, or is damaged, is made again.
    """
    entry = lake.partitions.manifest(day).entries.get("articles")
    input_key = f"{sketch_version()} {entry.sha256 if entry else ''}".encode()
    kept = _cached_sketches(lake, day)
    if kept is not None and kept.schema.metadata[_INPUT_KEY] == input_key:
        return kept
    is_usable = kept is not None and kept.schema.metadata[_INPUT_KEY].startswith(sketch_version().encode())
    table = _with_sketches(lake, day, kept if is_usable else None).replace_schema_metadata({_INPUT_KEY: input_key})
    if entry is not None:
        lake.keep(_cache_name(day), _encode_sketches(table))
    return table


def _with_sketches(lake: Lake, day: date, kept: pa.Table | None) -> pa.Table:
    articles = lake.read("articles", days=[day], columns=_SKETCH_COLUMNS)
    known = {} if kept is None else {key: row for row, key in enumerate(_text_keys(kept))}
    keys = _text_keys(articles)
    new = [row for row, key in enumerate(keys) if key not in known]
    made = _sketches(lake, day, new)
    sources = made if kept is None else pa.concat_tables([kept.select(_SKETCHES), made])
    place = {row: len(known) + at for at, row in enumerate(new)}
    order = [place[row] if row in place else known[key] for row, key in enumerate(keys)]
    chosen = sources.take(pa.array(order, pa.int64()))
    for field in SKETCH_FIELDS:
        articles = articles.append_column(field, chosen[field.name])
    return articles.combine_chunks()


def _text_keys(articles: pa.Table) -> list[tuple[str | None, ...]]:
    return list(zip(*(articles[name].to_pylist() for name in _TEXT_KEY), strict=True))


def _sketches(lake: Lake, day: date, rows: list[int]) -> pa.Table:
    if not rows:
        return pa.schema(SKETCH_FIELDS).empty_table()
    texts = lake.read("articles", days=[day], columns=["text"])["text"]
    parts = [rows[start : start + _TEXTS_PER_BATCH] for start in range(0, len(rows), _TEXTS_PER_BATCH)]
    return pa.concat_tables(sketches_of(texts.take(pa.array(part, pa.int64())).to_pylist()) for part in parts)


def _cache_name(day: date) -> str:
    return f"sketches/{day.isoformat()}.arrow"


def _encode_sketches(table: pa.Table) -> memoryview:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    return memoryview(sink.getvalue())


def _cached_sketches(lake: Lake, day: date) -> pa.Table | None:
    """Return what was kept of a day, if any."""
    data = lake.kept(_cache_name(day))
    return None if data is None else pa.ipc.open_file(pa.BufferReader(data)).read_all()
