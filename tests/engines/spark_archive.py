"""Archived pages for backfills on Spark, and the rows that are made of them."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from newslake.pipeline.clean import page_identity
from newslake.pipeline.jobs.run import extract_day
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.model import Page
from newslake.pipeline.query.connection import connect
from newslake.pipeline.settings import Settings
from newslake.pipeline.tables import ANNOTATION_TABLES, CLUSTER_TABLES

type Rows = dict[str, list[tuple[object, ...]]]

FIRST = date(2026, 1, 30)
DAYS = 4  # of two months
EACH = 12  # pages a day


def page_of(number: int, day: date, *, word: str = "") -> Page:
    """Return a made page of a day, with a word of its own; some share their quotation."""
    at = datetime.combine(day, datetime.min.time(), UTC) + timedelta(hours=6, minutes=number)
    url = f"https://made.example/{day}/{number}"
    text = (
        f"<p>Ferry {word} number {number} left the harbour of Merrowby on {day:%A}, and {number + 3} people waited.</p>"
        f"<p>“The tide will not wait for anybody,” said Edda Fenwick, the mayor of Merrowby, on {day:%A}.</p>"
        f"<p>Police arrested {number % 5 + 2} protesters in Vessmouth. Orla Brandt met {number} fishermen there.</p>"
    )
    head = f"<title>Ferry {number} of {day}</title><meta property='article:published_time' content='{at.isoformat()}'>"
    body = (
        f"<html lang=en><head>{head}<link rel=canonical href='{url}'></head><body><article><h1>Ferry {number} of {day}"
    )
    html = f"{body}</h1>{text * 2}</article></body></html>"
    headers = {"content-type": "text/html; charset=utf-8"}
    fetched_at = at + timedelta(hours=1)
    return Page(url=url, final_url=url, status=200, headers=headers, body=html.encode(), fetched_at=fetched_at)


def archived(root: Path, *, words: Mapping[int, str] | None = None) -> Workspace:
    """Return a data root with archived pages of several days, and no tables.

    ``words`` are words in pages of the first day, by number.
    """
    root.mkdir()
    (root / "sources.toml").touch()
    space = Workspace(Settings(data_dir=root, sources_file=root / "sources.toml", durability="process"))
    for day in (FIRST + timedelta(days=number) for number in range(DAYS)):
        with space.archive.writer(source_key="made", run_id=f"in-{day}") as writer:
            for number in range(EACH):
                page = page_of(number, day, word=(words or {}).get(number, "") if day == FIRST else "")
                writer.put(page, news_day=day, article_id=page_identity(page).article_id)
    return space


def rows(space: Workspace) -> Rows:
    """Return all rows of the tables of articles and of what relates, in order."""
    read = connect(space.settings.lake_dir)
    found = {}
    for spec in (*ANNOTATION_TABLES, *CLUSTER_TABLES):
        name = f"{spec.name}_stored" if spec.name in ("articles", "entities", "quotes", "events") else spec.name
        found[spec.name] = read.sql(f"SELECT * FROM {name} ORDER BY ALL").fetchall()
    return found


def rows_of_runs(root: Path) -> Rows:
    """Return the rows that runs of the days make, in a new data root."""
    space = archived(root)
    for day in space.archive.days():
        extract_day(space, day=day, run_id=f"run.{day}", report_progress=lambda _: None)
    made = rows(space)
    assert len(made["articles"]) == DAYS * EACH
    assert len(made["quotes"]) >= DAYS * EACH
    return made
