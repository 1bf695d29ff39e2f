"""Example rows of each table in docs/tables.md: up to three rows from the lake of the sample newsroom."""

import json
import re
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

import duckdb
import pyarrow.compute as pc

from newslake.pipeline.clusters import article_groups, person_link_rows
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.model import article_id_of
from newslake.pipeline.query.connection import connect, query
from newslake.pipeline.settings import Settings
from newslake.pipeline.upkeep.takedown import TakedownTarget, forget
from samples.server import DAYS, DEFAULT_PORT
from scripts.table_docs import EXAMPLES_FILE, Example, ExampleRows

_ROWS = 3
_CELL = 64  # most characters of a cell
_LONG_ID = re.compile(r"\b([0-9a-f]{8})[0-9a-f]{8,}\b")
_HOST = re.compile(r"127\.0\.0\.1:\d+")
_DEFAULT_HOST = f"127.0.0.1:{DEFAULT_PORT}"

# `:story` is a condition. Most rows are about one story, so that a reader can follow its ids from table to table.
_STORY = "article_id IN (SELECT article_id FROM articles_stored WHERE title LIKE 'Finland expels%')"
_QUERIES: Mapping[str, str] = {
    "articles": """
        SELECT article_id, revision_id, published_at, publisher, title, text, word_count, quote_count
        FROM articles_stored WHERE title LIKE '%Finland%' OR title LIKE '%Estonia%' ORDER BY published_at""",
    "entities": """
        SELECT article_id, entity_index, entity_text, mention_kind, entity_type, entity_id, entity_name, link_method
        FROM entities WHERE :story AND entity_name = 'Aino Kestilä' AND entity_text <> 'his'
        QUALIFY row_number() OVER (PARTITION BY link_method ORDER BY entity_index) = 1 ORDER BY entity_index""",
    "quotes": """
        SELECT article_id, quote_index, quote_type, quote_text, cue_text, speaker_text, speaker_name, confidence
        FROM quotes_stored WHERE :story AND cue_text IS NOT NULL AND quote_index >= 6
        QUALIFY row_number() OVER (PARTITION BY quote_type ORDER BY quote_index) = 1 ORDER BY quote_index""",
    "events": """
        SELECT article_id, event_index, event_type, modality, trigger_text, actor_name, recipient_text, event_date
        FROM events_stored WHERE :story AND actor_name IS NOT NULL AND modality <> 'negated'
        QUALIFY row_number() OVER (PARTITION BY modality ORDER BY event_date DESC NULLS LAST, event_index) = 1
        ORDER BY event_index""",
    "near_duplicates": """
        SELECT article_id, revision_id, published_at, dup_group_id, is_duplicate, similarity, method
        FROM near_duplicates WHERE published_at >= TIMESTAMPTZ '2026-03-03 13:30:00+00' ORDER BY published_at""",
    "revisions": """
        SELECT article_id, revision_id, fetched_at, word_count, sentences_added, sentences_removed, quotes_removed
        FROM revisions WHERE published_at < TIMESTAMPTZ '2026-03-02 08:30:00+00'
        ORDER BY count(*) OVER (PARTITION BY article_id) DESC, published_at, fetched_at""",
    "quote_clusters": """
        SELECT article_id, revision_id, published_at, quote_index, quote_cluster_id
        FROM quote_clusters ORDER BY count(*) OVER (PARTITION BY quote_cluster_id) DESC,
          min(published_at) OVER (PARTITION BY quote_cluster_id), published_at, quote_index""",
    "event_cluster_members": """
        SELECT article_id, event_index, event_cluster_id, dup_group_id, is_duplicate, sentence_start_char,
          sentence_end_char
        FROM event_cluster_members
        WHERE event_cluster_id IN (SELECT planned_cluster_id FROM event_clusters WHERE report_count = 1)
        QUALIFY row_number() OVER (PARTITION BY article_id ORDER BY event_index) = 1
        ORDER BY min(published_at) OVER (PARTITION BY event_cluster_id), published_at""",
    "event_clusters": """
        SELECT event_cluster_id, event_type, modality, report_count, independent_count, actors, event_date,
          planned_cluster_id
        FROM event_clusters
        ORDER BY planned_cluster_id IS NOT NULL AND 'Aino Kestilä' IN actors DESC, report_count DESC,
          first_reported_at DESC, event_type""",
    "co_mentions": """
        SELECT published_date, entity_id, other_entity_id, entity_name, other_entity_name, article_count
        FROM co_mentions ORDER BY article_count DESC, published_date DESC, entity_id, other_entity_id""",
    "outcomes": """
        SELECT run_id, source_key, url, stage, outcome, reason, detail
        FROM outcomes WHERE outcome = 'kept' OR reason IN ('not_modified', 'video_page')
        QUALIFY row_number() OVER (PARTITION BY outcome ORDER BY decided_at, url) = 1 ORDER BY outcome""",
    "listing_fetches": """
        SELECT run_id, source_key, listed_day, result, entries, reason, requested_at
        FROM listing_fetches ORDER BY requested_at, source_key""",
    "runs": """
        SELECT run_id, kind, status, started_at, committed_at, counts, days_touched
        FROM runs ORDER BY started_at, run_id DESC""",
}
_DELETIONS = """
    SELECT article_id, revision_ids, last_published_date, reason, deleted_at
    FROM deletions ORDER BY last_published_date, reason DESC"""
# The people of a day; every article but the first has only the surname.
_SURNAMES = """
    SELECT article_id, revision_id, published_at, published_date, cluster_index, entity_type, mention_kind, role_text,
      CASE WHEN is_later THEN 'surname' ELSE entity_id END AS entity_id,
      CASE WHEN is_later THEN split_part(entity_name, ' ', -1) ELSE entity_name END AS entity_name,
      CASE WHEN gender_method <> 'forename' THEN gender END AS gender,
      CASE WHEN gender_method <> 'forename' THEN gender_method END AS gender_method, qid
    FROM (
      SELECT *, entity_type = 'PERSON'
        AND published_at > min(published_at) OVER (PARTITION BY published_date, entity_id) AS is_later
      FROM entities_stored) ORDER BY article_id, entity_index"""
_TAKEDOWNS = {
    "/courier/news/harbour-bridge-closed.html": "correction of the publisher",
    "/courier/world/lisbon-sardine-talks.html": "request of the publisher",
    "/courier/business/northbound-fined.html": "court order",
}


def write_examples(data_dir: Path) -> None:
    """Write the example rows of every table. ``data_dir`` is that of ``replay_newsroom``."""
    tables = [
        f" {json.dumps(name)}: {{\n"
        f'  "columns": {json.dumps(example["columns"])},\n'
        f'  "rows": [\n{_json_lines(example["rows"])}\n  ]\n }}'
        for name, example in example_rows(data_dir).items()
    ]
    EXAMPLES_FILE.write_text("{\n" + ",\n".join(tables) + "\n}\n", "utf-8")


def _json_lines(rows: list[list[str]]) -> str:
    return ",\n".join(f"   {json.dumps(row, ensure_ascii=False)}" for row in rows)


def example_rows(data_dir: Path) -> ExampleRows:
    """Return the example rows by table. Ids and URLs are those of the default port, whichever port the replay used."""
    connection = connect(data_dir / "lake")
    ids = _ids_at_default_port(connection)
    examples = {name: _example(connection, sql, ids) for name, sql in _QUERIES.items()}
    examples["person_links"] = _links_example(connection, ids)
    with tempfile.TemporaryDirectory() as folder:
        lake = _copy_with_takedowns(data_dir, Path(folder) / "data")
        return examples | {"deletions": _example(connect(lake), _DELETIONS, ids)}


def _ids_at_default_port(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    rows = query(
        connection, "SELECT article_id, canonical_url FROM articles_stored WHERE canonical_url IS NOT NULL"
    ).rows
    return {str(old): article_id_of(canonical=_HOST.sub(_DEFAULT_HOST, str(url)), text="") for old, url in rows}


def _example(connection: duckdb.DuckDBPyConnection, sql: str, ids: Mapping[str, str]) -> Example:
    found = query(connection, sql.replace(":story", _STORY))
    rows = [[_cell(value, ids) for value in row] for row in found.rows[:_ROWS]]
    return Example(columns=list(found.columns), rows=rows)


def _links_example(connection: duckdb.DuckDBPyConnection, ids: Mapping[str, str]) -> Example:
    """Return links of different methods, if later articles named people by their surnames."""
    columns = ("article_id", "cluster_index", "person_id", "person_name", "method", "confidence")
    first: dict[str, list[object]] = {}
    names = ("articles_stored", "near_duplicates", "quote_clusters", "event_cluster_members")
    tables = [connection.sql(each).to_arrow_table() for each in (_SURNAMES, *map("FROM {}".format, names))]
    for day in sorted({*tables[1]["published_date"].to_pylist()}):
        entities, outlets, *related = (each.filter(pc.field("published_date") == day) for each in tables)
        for row in person_link_rows(entities, outlets, article_groups(*related)).to_pylist():
            first.setdefault(row["method"], [row[name] for name in columns])
    rows = [[_cell(value, ids) for value in first[method]] for method in sorted(first, reverse=True)]
    return Example(columns=list(columns), rows=rows[:_ROWS])


def _cell(value: object, ids: Mapping[str, str]) -> str:
    """Return a value as text: null as "", times in UTC, long ids and texts cut."""
    if value is None:
        return ""
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, (list, bool)) else str(value)
    text = " ".join(text.removesuffix("+00:00").split())
    for old, new in ids.items():
        text = text.replace(old, new)
    text = _LONG_ID.sub(r"\1…", _HOST.sub(_DEFAULT_HOST, text))
    return text if len(text) <= _CELL else f"{text[: _CELL - 1]}…"


def _copy_with_takedowns(data_dir: Path, target: Path) -> Path:
    """Copy the data, delete three articles from the copy, and return its lake."""
    shutil.copytree(data_dir, target)
    settings = Settings.load(
        data_dir=target, sources_file=target / "sources.toml", frozen_now=f"{DAYS[-1]}T20:30:00+00:00"
    )
    urls = query(
        connect(target / "lake"), "SELECT canonical_url FROM articles_stored WHERE canonical_url IS NOT NULL"
    ).rows
    for path, reason in _TAKEDOWNS.items():
        url = next(str(url) for (url,) in urls if str(url).endswith(path))
        forget(
            Workspace(settings),
            TakedownTarget(kind="article", value=url),
            reason=reason,
            report_progress=lambda _: None,
        )
    return settings.lake_dir
