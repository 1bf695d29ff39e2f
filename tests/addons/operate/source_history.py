"""A workspace with a feed, a site and a folder, and what makes their history: articles, polls and outcomes."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa

from newslake.pipeline.jobs.outcomes import ListingRow, append_listing, append_outcomes
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.lake import KEYS_SCHEMA
from newslake.pipeline.model import Outcome, article_id_of
from newslake.pipeline.model.outcome import OutcomeKind
from newslake.pipeline.settings import Settings
from newslake.pipeline.tables import ANNOTATION_TABLES, rows_table
from tests.unit.lake.rows import Story, story_rows

NOW = datetime(2026, 3, 30, 12, 0, tzinfo=UTC)  # a Monday
HOUR = timedelta(hours=1)
SOURCES = {
    "post": "kind = 'feed'\nurl = 'http://127.0.0.1:9/f'",
    "echo": "kind = 'news_sitemap'\nurl = 'http://127.0.0.1:9/s.xml'",
    "year": "kind = 'folder'\npath = 'year'",
    "drop": "kind = 'inbox'\npath = 'drop'",
    "old": "kind = 'sitemap_archive'\nurl = 'http://127.0.0.1:9/a.xml'",
    "web": "kind = 'cdx'\nurl = 'http://post.example/news/*'",
}


def make_space(root: Path, *, now: datetime = NOW, limits: str = "", keys: Iterable[str] = ("post",)) -> Workspace:
    """Return a workspace; ``limits`` is more of its sources.toml, such as a table of limits."""
    path = root / "sources.toml"
    path.write_text("".join(f"[sources.{key}]\n{SOURCES[key]}\n" for key in keys) + limits, "utf-8")
    return Workspace(Settings.load(data_dir=root, sources_file=path, frozen_now=now, durability="process"))


def add_articles(
    space: Workspace,
    times: Iterable[datetime | None],
    *,
    source_key: str = "post",
    precision: str = "second",
    fetched_at: datetime | None = None,
) -> list[str]:
    """Commit an article per time of publication, each fetched a minute later, or at one time; return their ids."""
    batch = {spec.name: [] for spec in ANNOTATION_TABLES}  # type: ignore[var-annotated]
    keys = []
    for number, at in enumerate(times):
        fetched = fetched_at or (at or NOW) + timedelta(minutes=1)
        article_id = article_id_of(canonical=f"https://post.example/{source_key}/{at}/{number}", text="")
        head = story_rows(Story(2 * number + 1))["articles"][0]
        head |= {"article_id": article_id, "source_key": source_key, "published_at": at, "fetched_at": fetched}
        head |= {"entity_count": 0, "quote_count": 0, "event_count": 0}
        batch["articles"].append(head | {"published_at_precision": None if at is None else precision})
        keys.append(
            {
                "article_id": article_id,
                "revision_id": head["revision_id"],
                "published_date": (at or fetched).date(),
                "seen_at": fetched,
            }
        )
    tables = {spec.name: rows_table(spec, batch[spec.name]) for spec in ANNOTATION_TABLES}
    name = f"{source_key}-{keys[0]['article_id']}"
    space.lake.stage(name, tables, pa.Table.from_pylist(keys, schema=KEYS_SCHEMA))
    space.lake.commit([name], is_current=lambda *_: True)
    return [each["article_id"] for each in keys]


def add_poll(space: Workspace, at: datetime, *, source_key: str = "post", result: str = "listed") -> None:
    row = ListingRow(
        run_id=f"run-{at.isoformat()}",
        source_key=source_key,
        listed_day=None,
        result=result,  # type: ignore[arg-type]
        entries=0 if result == "failed" else 30,
        reason="http_503" if result == "failed" else None,
        requested_at=at,
    )
    append_listing(space, row, batch_id=f"{row.run_id}.{source_key}")


def add_outcome(
    space: Workspace,
    at: datetime,
    *,
    kind: OutcomeKind,
    reason: str | None = None,
    stage: str = "fetch",
    source_key: str = "post",
    article_id: str | None = None,
    page: str | None = None,
) -> None:
    """Log the outcome of a page, by default of a new one, with the day as its news day."""
    outcome = Outcome(
        run_id=f"run-{at.isoformat()}",
        source_key=source_key,
        news_day=at.date(),
        url=f"https://post.example/{page or article_id or at.isoformat()}",
        article_id=article_id,
        stage=stage,  # type: ignore[arg-type]
        outcome=kind,
        reason=reason,
        detail=None,
        payload_digest=None,
        decided_at=at,
    )
    append_outcomes(space, [outcome], batch_id=f"{outcome.run_id}.{outcome.url[-32:]}.{stage}")


def every(hours: float, *, weeks: float = 8, end: datetime = NOW) -> list[datetime]:
    """Return times until ``end``, ``hours`` apart, oldest first."""
    count = int(weeks * 168 / hours)
    return [end - number * hours * HOUR for number in reversed(range(count))]
