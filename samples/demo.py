"""`make demo`: the main job on the sample newsroom, through the real DAGs, in this process.

Three evenings are replayed. On each, `news_ingest` runs for the day, then `news_extract` once for every day that it
announced. The clock is frozen at 20:00 UTC, so that the tables are the same on every machine with the same port of the
newsroom: ids are hashes of URLs. ``demo-sources.toml`` in the data root has the sources with that port.
"""

import hashlib
import os
import re
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from typing import Any

from rich.console import Console

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "plugins"))

from news_airflow.local_airflow import environment  # noqa: E402 - needs the path above

from newslake.pipeline.cli.output import print_rows  # noqa: E402
from newslake.pipeline.errors import ConfigError  # noqa: E402
from newslake.pipeline.jobs.summary import summarize, summary_lines  # noqa: E402
from newslake.pipeline.jobs.workspace import Workspace  # noqa: E402
from newslake.pipeline.model import Outcome, pluralize  # noqa: E402
from newslake.pipeline.query.connection import connect, query  # noqa: E402
from newslake.pipeline.query.saved_queries import question_named, sql_of  # noqa: E402
from newslake.pipeline.settings import Settings  # noqa: E402
from samples.server import DAYS, DEFAULT_PORT, Newsroom, newsroom_at, sources_at  # noqa: E402

out = Console(highlight=False)
LISTINGS = (".xml", ".xml.gz", ".txt")
ANSWERS = (
    (
        "What is planned",
        "SELECT event_date, event_type, trigger_text, coalesce(actor_name, actor_text) AS actor, publisher "
        "FROM events JOIN articles USING (article_id, revision_id) "
        "WHERE modality = 'planned' AND event_date IS NOT NULL ORDER BY event_date, trigger_text LIMIT 6",
    ),
)

NEXT_COMMANDS = (
    'newslake sql "SELECT speaker_name, quote_text FROM quotes LIMIT 5"',
    "newslake ask top-speakers --chart",
    "newslake ask who-said-what",
    f"newslake why http://127.0.0.1:{DEFAULT_PORT}/courier/video/regatta-rescue.html",
    "newslake try samples/inbox/twin.txt",
)
_OWN_SETTINGS = (
    "NEWS_DATA_DIR",
    "NEWS_OVERRIDES_FILE",
    "NEWS_ALERTS_FILE",
)  # of the environment; all else is the demo's
_PORT_OF_SOURCES = re.compile(r'private_hosts = \["127\.0\.0\.1:(\d+)"')


def main() -> int:
    """Run the demo; return the exit code."""
    home = Path(os.environ.get("AIRFLOW_HOME", ROOT / ".airflow")).resolve() / "demo"
    os.environ.update(environment(home) | {name: os.environ[name] for name in _OWN_SETTINGS if name in os.environ})
    try:
        settings = Settings.load()
    except ConfigError as error:
        raise SystemExit(f"demo: {error}") from error
    with _only_demo_of(home):
        return _run(settings, home)


def _run(settings: Settings, home: Path) -> int:
    before = table_files(settings.lake_dir)
    started = time.monotonic()
    _drop_in_inbox(settings)
    with _newsroom(settings) as newsroom, _airflow(home) as run_dag:
        run_ids = [run_id for day in DAYS for run_id in _replay(day, newsroom, run_dag)]
        pages = sum(1 for _, path, status in newsroom.requests if status == 200 and not path.endswith(LISTINGS))
    _print_summary(settings, run_ids, fetched=pages, seconds=time.monotonic() - started)
    changed = {name for name, _ in table_files(settings.lake_dir).items() ^ before.items()}
    out.print(f"{pluralize(len(changed), 'file')} changed under {settings.lake_dir / 'tables'}")
    _show(settings, port=newsroom.port)
    return 0


def table_files(lake: Path) -> dict[str, str]:
    """Return the digest of every public file, by path."""
    tables = lake / "tables"
    return {
        str(path.relative_to(tables)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(tables.rglob("*"))
        if path.is_file()
    }


def _drop_in_inbox(settings: Settings) -> None:
    """Copy the plain-text article into the inbox, unless it was there before."""
    settings.inbox_dir.mkdir(parents=True, exist_ok=True)
    for file in (ROOT / "samples" / "inbox").iterdir():
        if not any(settings.inbox_dir.rglob(file.name)):
            shutil.copy(file, settings.inbox_dir / file.name)


@contextmanager
def _only_demo_of(home: Path) -> Iterator[None]:
    """Wait until no other demo uses the folder, and keep others out in the block."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / "demo.lock").open("w") as file:
        try:
            flock(file, LOCK_EX | LOCK_NB)
        except BlockingIOError:
            out.print("another demo is running in this folder: waiting for its end")
            flock(file, LOCK_EX)
        yield


@contextmanager
def _newsroom(settings: Settings) -> Iterator[Newsroom]:
    """Serve the newsroom, and write the sources with its port."""
    sources = settings.data_dir.resolve() / "demo-sources.toml"
    newsroom, problem = newsroom_at(_preferred_port(settings, sources))
    if problem:
        out.print(problem, soft_wrap=True)
    with newsroom:
        out.print(f"the sample newsroom is online at {newsroom.base_url}")
        sources.write_text(sources_at(newsroom.port), "utf-8")
        os.environ["NEWS_SOURCES_FILE"] = str(sources)
        yield newsroom


def _preferred_port(settings: Settings, sources: Path) -> int:
    """Return the port of the settings, else that of the last demo: with another one, every article is there twice."""
    if "demo_port" not in settings.model_fields_set and sources.is_file():
        found = _PORT_OF_SOURCES.search(sources.read_text("utf-8"))
        return int(found[1]) if found else settings.demo_port
    return settings.demo_port


@contextmanager
def _airflow(home: Path) -> Iterator[Any]:
    """Yield a function that runs one DAG in this process; it returns the run's id and the keys that it announced."""
    # Below CRITICAL, Airflow logs each lookup of a mapped result after the end of a list.
    os.environ.setdefault("AIRFLOW__LOGGING__LOGGING_LEVEL", "CRITICAL")
    out.print("starting Airflow in this process, on SQLite")
    from airflow.dag_processing.dagbag import DagBag
    from airflow.utils.db import initdb
    from news_airflow.task_context import run_id_of

    initdb()
    bag = DagBag(str(ROOT / "dags"))
    if bag.import_errors:
        raise SystemExit(f"demo: DAG import errors: {bag.import_errors}")

    def run(dag_id: str, day: str) -> tuple[str, list[str]]:
        done = bag.dags[dag_id].test(run_conf={"day": day})
        if done.state != "success":
            raise SystemExit(
                f"demo: {dag_id} for {day}: {done.state}; set AIRFLOW__LOGGING__LOGGING_LEVEL=INFO for its log"
            )
        return run_id_of(done), _announced_days(done.run_id)

    yield run


def _announced_days(run_id: str) -> list[str]:
    from airflow.models.asset import AssetEvent
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        events = session.scalars(select(AssetEvent).where(AssetEvent.source_run_id == run_id))
        return sorted({event.partition_key for event in events if event.partition_key})


def _replay(day: date, newsroom: Newsroom, run_dag: Any) -> Iterator[str]:
    """Run the DAGs of one evening; yield the ids of their runs."""
    newsroom.day = day
    os.environ["NEWS_FROZEN_NOW"] = f"{day}T20:00:00+00:00"
    out.print(f"\n[bold]{day:%A %d %B %Y}[/bold]")
    out.print("  news_ingest: listing, fetching, archiving")
    run_id, keys = run_dag("news_ingest", day.isoformat())
    yield run_id
    for key in keys:
        out.print(f"  news_extract {key}: processing articles, committing tables")
        yield run_dag("news_extract", key)[0]
    del os.environ["NEWS_FROZEN_NOW"]


def _print_summary(settings: Settings, run_ids: list[str], *, fetched: int, seconds: float) -> None:
    """Print what the runs kept and rejected, as `newslake run` does."""
    rows = Workspace(settings).lake.log.read("outcomes").to_pylist()
    found = [(run_id, [Outcome(**row) for row in rows if row["run_id"] == run_id]) for run_id in run_ids]
    ingested = [each for run_id, of_run in found if run_id.startswith("news_ingest.") for each in of_run]
    extracted = [each for run_id, of_run in found if run_id.startswith("news_extract.") for each in of_run]
    summary = summarize(ingested=ingested, extracted=extracted, fetched=fetched)
    out.print()
    for line in summary_lines(summary, label=f"{DAYS[0]} to {DAYS[-1]}", took=f"{seconds:.0f} s"):
        out.print(line, markup=False, soft_wrap=True)


def _show(settings: Settings, *, port: int) -> None:
    connection = connect(settings.lake_dir)
    speakers = question_named("top-speakers")
    for title, sql in ((speakers.title, sql_of(speakers, limit=6)), *ANSWERS):
        found = query(connection, sql)
        out.print(f"\n[bold]{title}[/bold]")
        print_rows(found.columns, found.rows, as_json=False)
    out.print("\nTry next:")
    for command in NEXT_COMMANDS:
        out.print(f"  .venv/bin/{command.replace(f':{DEFAULT_PORT}/', f':{port}/')}", markup=False, soft_wrap=True)
    out.print("  .venv/bin/newslake init ~/news    # your own site", markup=False, highlight=False, soft_wrap=True)
    if port != DEFAULT_PORT:
        out.print(
            f"Commands of the documentation have port {DEFAULT_PORT}: write {port} in them. Ids of articles differ. "
            f"For commands that fetch, set NEWS_SOURCES_FILE={os.environ['NEWS_SOURCES_FILE']}",
            soft_wrap=True,
        )


if __name__ == "__main__":
    sys.exit(main())
