"""The cluster tables and the log of a large lake, with the rows that the stages would write."""

from datetime import date, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from newslake.pipeline.clusters import co_mention_rows
from newslake.pipeline.lake.commit import Committer
from newslake.pipeline.lake.log_tables import LogTables
from newslake.pipeline.lake.storage import sort_rows
from newslake.pipeline.tables import ANNOTATION_TABLES, TABLE_SPECS, rows_table
from tests.big_rows import fill_table, hexes

_REASONS = ("video_page", "too_short", "not_article", "live_page", "consent", "error_page")
# One row per event on the day of its first report, as in the contract.
_CLUSTERS = """\
SELECT r.event_cluster_id, min(r.published_date) AS day, min(e.published_at) AS first_reported_at,
  max(e.published_at) AS last_reported_at, count(DISTINCT r.article_id)::INT AS report_count,
  count(DISTINCT r.dup_group_id)::INT AS independent_count, max(e.confidence) AS confidence,
  bool_or(e.is_main) AS is_main, {firsts}
FROM read_parquet('{root}/tables/event_cluster_members/*/*.parquet', hive_partitioning = false) r
JOIN read_parquet('{root}/tables/events/*/*.parquet', hive_partitioning = false) e
USING (published_date, article_id, revision_id, event_index)
GROUP BY r.event_cluster_id ORDER BY day, event_cluster_id
"""
_FIRSTS = {
    **{
        name: f"e.{name}"
        for name in ("event_type", "event_subtype", "event_mode", "quad_class", "plover_type", "modality")
    },
    "actors": "CASE WHEN e.actor_name IS NULL THEN [] ELSE [e.actor_name] END",
    "actor_country": "e.actor_country",
    "recipients": "CASE WHEN e.recipient_name IS NULL THEN [] ELSE [e.recipient_name] END",
    "recipient_country": "e.recipient_country",
    **{name: f"e.{name}" for name in ("event_date", "event_date_end", "event_date_precision")},
    **{name: f"r.{name}" for name in ("article_id", "revision_id", "event_index")},
    **{name: f"r.{name}" for name in ("sentence_start_char", "sentence_end_char")},
}


def related(chance: np.random.Generator, whole: dict[str, pa.Table]) -> dict[str, pa.Table]:
    """Return the tables of a day, in order, with its duplicates, clusters, reports, revisions, links and pairs."""
    heads, quotes, events = whole["articles"], whole["quotes"], whole["events"]
    copies = _copies(heads)
    reports = _reports(events, copies)
    quote_clusters = _filled("quote_clusters", quotes, quote_cluster_id=quotes["group"])
    found = {spec.name: whole[spec.name].select(spec.schema.names) for spec in ANNOTATION_TABLES}
    found |= {
        "near_duplicates": copies,
        "revisions": _revisions(chance, heads),
        "quote_clusters": quote_clusters,
        "event_cluster_members": reports,
    }
    links = _links(chance, found["entities"])
    found |= {"person_links": links, "co_mentions": co_mention_rows(found["entities"], copies, links)}
    return {name: sort_rows(table.cast(TABLE_SPECS[name].schema), TABLE_SPECS[name]) for name, table in found.items()}


def _filled(name: str, rows: pa.Table, **given: object) -> pa.Table:
    """Return a table of the contract: its columns from ``rows`` and the given ones."""
    names = TABLE_SPECS[name].schema.names
    same = {each: rows[each].combine_chunks() for each in rows.schema.names if each in names and each not in given}
    whole = {key: each.combine_chunks() if isinstance(each, pa.ChunkedArray) else each for key, each in given.items()}
    return fill_table(TABLE_SPECS[name], same | whole, size=rows.num_rows)


def _copies(heads: pa.Table) -> pa.Table:
    is_duplicate = pc.not_equal(heads["original"], heads["article_id"])
    return _filled(
        "near_duplicates",
        heads,
        dup_group_id=heads["original"],
        is_duplicate=is_duplicate,
        similarity=1.0,
        method=pc.if_else(is_duplicate, "exact", "none"),
    )


def _reports(events: pa.Table, copies: pa.Table) -> pa.Table:
    at = pc.index_in(events["article_id"], value_set=copies["article_id"].combine_chunks())
    return _filled(
        "event_cluster_members",
        events,
        event_cluster_id=events["group"],
        dup_group_id=copies["dup_group_id"].take(at),
        is_duplicate=copies["is_duplicate"].take(at),
        sentence_start_char=events["start_char"],
        sentence_end_char=events["end_char"],
    )


def _links(chance: np.random.Generator, entities: pa.Table) -> pa.Table:
    """Return links of one person in thirty, each to another person of the day."""
    people = entities.filter(pc.equal(entities["entity_type"], "PERSON"))
    _, first = np.unique(
        pc.binary_join_element_wise(people["article_id"], people["cluster_index"].cast(pa.string()), ":").to_numpy(),
        return_index=True,
    )
    linked = people.take(pa.array(first[chance.random(len(first)) < 1 / 30]))
    others = people.take(pa.array(chance.integers(0, max(people.num_rows, 1), linked.num_rows)))
    return _filled(
        "person_links",
        linked,
        person_id=others["entity_id"],
        person_name=others["entity_name"],
        method="outlet",
        confidence=0.75,
    )


def _revisions(chance: np.random.Generator, heads: pa.Table) -> pa.Table:
    """Return the current revision of every article, and an earlier revision of one in twelve."""
    edited = chance.random(heads.num_rows) < 1 / 12
    removed = pa.array(chance.poisson(0.4, heads.num_rows), pa.int32())
    counts = {"sentences_added": removed, "sentences_removed": removed, "quotes_removed": removed}
    masked = {name: pc.if_else(pa.array(edited), each, None) for name, each in counts.items()}
    present = _filled("revisions", heads, input_hash="made", **masked)
    old = heads.filter(pa.array(edited))
    before = _filled(
        "revisions",
        old,
        revision_id=hexes(chance.integers(0, 2**63, old.num_rows).astype(np.uint64)),
        fetched_at=pc.subtract(old["fetched_at"], pa.scalar(timedelta(minutes=5), pa.duration("us"))),
        input_hash="made",
    )
    return pa.concat_tables([present, before])


def write_event_clusters(root: Path, committer: Committer) -> None:
    """Write one row per event on the day of its first report, with the values of that report."""
    order = "struct_pack(published_date := r.published_date, article_id := r.article_id, event_index := r.event_index)"
    firsts = ", ".join(f"arg_min({what}, {order}) AS {name}" for name, what in _FIRSTS.items())
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        rows = connection.sql(_CLUSTERS.format(root=root, firsts=firsts)).to_arrow_table()
    spec = TABLE_SPECS["event_clusters"]
    days = rows["day"].combine_chunks()
    by_day = {}
    for day in pc.unique(days).to_pylist():
        mine = rows.filter(pc.equal(days, pa.scalar(day, pa.date32())))
        given = {name: mine[name].combine_chunks() for name in mine.schema.names}
        by_day[day] = sort_rows(fill_table(spec, given, size=mine.num_rows).cast(spec.schema), spec)
    committer.replace({spec.name: by_day})


def log_rows(chance: np.random.Generator, log: LogTables, articles: pa.Table, *, day: date) -> None:
    """Append a day's run and outcomes: all articles kept, some seen again, and additional rejected pages."""
    count = articles.num_rows
    again = articles.filter(pa.array(chance.random(count) < 0.1))
    left = articles.take(pa.array(chance.integers(0, count, count // 4)))
    words = pa.array(np.array(_REASONS)[(len(_REASONS) * chance.random(left.num_rows) ** 2).astype(int)])
    other = pc.binary_join_element_wise("https://left.example/", left["article_id"], words, "")
    fixed = {"run_id": f"run-{day}", "news_day": pa.repeat(pa.scalar(day), count), "stage": "clean"}
    parts = [
        _outcomes(articles, fixed, outcome="kept", minutes=8),
        _outcomes(again, fixed | {"run_id": f"again-{day}"}, outcome="unchanged", minutes=90),
        _outcomes(left, fixed, outcome="rejected", minutes=8, reason=words, url=other, article_id=None),
    ]
    rows = pa.concat_tables(parts)
    rows = rows.take(_firsts(rows))
    log.append("outcomes", f"run-{day}", rows.cast(TABLE_SPECS["outcomes"].schema))
    run = {
        "run_id": f"run-{day}",
        "kind": "scheduled",
        "status": "done",
        "started_at": articles["fetched_at"][0].as_py(),
    }
    run |= {"committed_at": run["started_at"], "counts": "{}", "days_touched": [day.isoformat()], "versions": "{}"}
    log.append("runs", f"run-{day}", rows_table(TABLE_SPECS["runs"], [run]))


def _outcomes(articles: pa.Table, fixed: dict[str, object], *, outcome: str, minutes: int, **given: object) -> pa.Table:
    at = pc.add(articles["fetched_at"], pa.scalar(timedelta(minutes=minutes), pa.duration("us")))
    size = articles.num_rows
    news_day = fixed["news_day"].slice(0, size)
    return _filled(
        "outcomes", articles, **(fixed | given | {"news_day": news_day, "outcome": outcome, "decided_at": at})
    )


def _firsts(rows: pa.Table) -> pa.Array:
    """Return the first index of each run and URL."""
    numbered = rows.select(("run_id", "url")).append_column("at", pa.array(np.arange(rows.num_rows)))
    return numbered.group_by(["run_id", "url"]).aggregate([("at", "min")])["at_min"].sort()
