"""`make demo`: the main job on the sample newsroom, through the real DAGs, in this process.

Three evenings are replayed. On each, `news_ingest` runs for the day, then `news_extract` once for every day that it
announced. The clock stands still at eight in the evening, so that the tables come out the same on every machine.
"""

import hashlib
import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from rich.console import Console

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "plugins"))

from news_airflow.local_airflow import environment  # noqa: E402 - needs the path above

from pipeline.cli.output import print_rows  # noqa: E402
from pipeline.query import connect, query, question_named  # noqa: E402
from pipeline.query.saved_queries import sql_of  # noqa: E402
from pipeline.settings import Settings  # noqa: E402
from samples.server import DAYS, DEFAULT_PORT, Newsroom  # noqa: E402

out = Console(highlight=False)
LISTINGS = (".xml", ".xml.gz", ".txt")
ANSWERS = (
    (
        "What is planned",
        "SELECT event_date, event_type, trigger_text, coalesce(actor_name, actor_text) AS actor, publisher "
        "FROM events JOIN articles USING (article_id, revision_id) "
        "WHERE modality = 'planned' AND event_date IS NOT NULL ORDER BY event_date, trigger_text LIMIT 6",
    ),
    (
        "Which pages were rejected, and why",
        "SELECT DISTINCT regexp_replace(url, '^.*//[^/]*', '') AS page, outcome, reason "
        "FROM outcomes WHERE outcome IN ('rejected', 'quarantined') ORDER BY page",
    ),
)


def main() -> int:
    """Run the demo; return the exit code."""
    settings = Settings.load()
    before = table_files(settings.lake_dir)
    started = time.monotonic()
    _drop_in_inbox(settings)
    with _newsroom() as newsroom, _airflow() as run_dag:
        for day in DAYS:
            _replay(day, newsroom, run_dag)
        pages = sum(1 for _, path, status in newsroom.requests if status == 200 and not path.endswith(LISTINGS))
    changed = table_files(settings.lake_dir).items() ^ before.items()
    out.print(f"\ndone in {time.monotonic() - started:.0f} s")
    if changed:
        files = {name for name, _ in changed}
        out.print(f"{pages} pages fetched, {len(files)} files under {settings.lake_dir / 'tables'} written")
    else:
        out.print(f"{pages} pages fetched: nothing is new. No file under {settings.lake_dir / 'tables'} has changed")
    _show(settings)
    return 0


def table_files(lake: Path) -> dict[str, str]:
    """Return the digest of every file that analysts see, by path."""
    tables = lake / "tables"
    return {
        str(path.relative_to(tables)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(tables.rglob("*"))
        if path.is_file()
    }


def _drop_in_inbox(settings: Settings) -> None:
    """Put the plain-text article into the inbox, as a person would, unless it has been there."""
    settings.inbox_dir.mkdir(parents=True, exist_ok=True)
    for file in (ROOT / "samples" / "inbox").iterdir():
        if not any(settings.inbox_dir.rglob(file.name)):
            shutil.copy(file, settings.inbox_dir / file.name)


@contextmanager
def _newsroom() -> Iterator[Newsroom]:
    try:
        newsroom = Newsroom(port=DEFAULT_PORT)
    except OSError as error:
        raise SystemExit(
            f"demo: port {DEFAULT_PORT} of 127.0.0.1 is taken ({error}); stop what listens there"
        ) from error
    with newsroom:
        out.print(f"the sample newsroom answers on {newsroom.base_url}")
        yield newsroom


@contextmanager
def _airflow() -> Iterator[Any]:
    """Give a function that runs one DAG in this process and returns the keys that it announced."""
    home = ROOT / ".airflow" / "demo"
    home.mkdir(parents=True, exist_ok=True)
    os.environ.update(environment(home))
    # Below CRITICAL, Airflow tells of every mapped result that it looked for past the end of a list.
    os.environ.setdefault("AIRFLOW__LOGGING__LOGGING_LEVEL", "CRITICAL")
    out.print("starting Airflow in this process, on SQLite")
    from airflow.dag_processing.dagbag import DagBag
    from airflow.utils.db import initdb

    initdb()
    bag = DagBag(str(ROOT / "dags"))
    if bag.import_errors:
        raise SystemExit(f"demo: DAGs do not import: {bag.import_errors}")

    def run(dag_id: str, day: str) -> list[str]:
        done = bag.dags[dag_id].test(run_conf={"day": day})
        if done.state != "success":
            raise SystemExit(
                f"demo: {dag_id} for {day} ended as {done.state}; set AIRFLOW__LOGGING__LOGGING_LEVEL=INFO"
            )
        return _announced_days(done.run_id)

    yield run


def _announced_days(run_id: str) -> list[str]:
    from airflow.models.asset import AssetEvent
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        events = session.scalars(select(AssetEvent).where(AssetEvent.source_run_id == run_id))
        return sorted({event.partition_key for event in events if event.partition_key})


def _replay(day: date, newsroom: Newsroom, run_dag: Any) -> None:
    newsroom.day = day
    os.environ["NEWS_FROZEN_NOW"] = f"{day}T20:00:00+00:00"
    out.print(f"\n[bold]{day:%A %d %B %Y}[/bold]")
    out.print("  news_ingest: listing, fetching, archiving")
    for key in run_dag("news_ingest", day.isoformat()):
        out.print(f"  news_extract {key}: reading articles, committing tables")
        run_dag("news_extract", key)
    del os.environ["NEWS_FROZEN_NOW"]


def _show(settings: Settings) -> None:
    connection = connect(settings.lake_dir)
    speakers = question_named("top-speakers")
    for title, sql in ((speakers.title, sql_of(speakers, limit=6)), *ANSWERS):
        found = query(connection, sql)
        out.print(f"\n[bold]{title}[/bold]")
        print_rows(found.columns, found.rows, as_json=False)
    out.print("\nTry next:")
    for command in (
        'newslake sql "SELECT speaker_name, quote_text FROM quotes LIMIT 5"',
        "newslake ask top-speakers --chart",
        "newslake ask who-said-what",
        "newslake try samples/inbox/twin.txt",
    ):
        out.print(f"  .venv/bin/{command}")


if __name__ == "__main__":
    sys.exit(main())
