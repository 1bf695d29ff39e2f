"""`python -m samples.answers`: replay the sample newsroom, and rewrite the answers in README and docs/how-to and the
example rows in docs/tables.md.

An answer is the table below a block of SQL, or below `newslake ask QUESTION`. If that call ends in `--chart FILE.svg`,
the chart is drawn, too; its name is relative to the project.
"""

import re
import shutil
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import duckdb

from newslake.pipeline.jobs.run import extract_day, ingest_sources
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.query.charts import draw, picture_bytes
from newslake.pipeline.query.connection import QueryResult, connect, query
from newslake.pipeline.query.saved_queries import Question, answer, count_denominators, question_named
from newslake.pipeline.settings import Settings
from samples.examples import write_examples
from samples.server import DAYS, DEFAULT_PORT, Newsroom, sources_at
from scripts.table_docs import tables_markdown

ROOT = Path(__file__).parents[1]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs" / "how-to").glob("*.md")))
TABLES_PAGE = ROOT / "docs" / "tables.md"
_MOST_ROWS, _CELL = 10, 110
_CALL = re.compile(r"newslake ask (?P<slug>[a-z-]+)(?: --limit (?P<limit>\d+))?(?: --chart (?P<chart>\S+\.svg))?")
_ANSWER_BLOCK = re.compile(
    r"(```(?P<kind>sql|sh)\n(?P<text>[^`]*)```\n)(?:\n(?:\|[^\n]*\n)+)?(?:\n… and \d+ more rows\n)?"
)


def main() -> int:
    """Rewrite every page; return the exit code."""
    with tempfile.TemporaryDirectory() as folder:
        connection = connect(replay_newsroom(Path(folder)))
        for page in PAGES:
            page.write_text(_ANSWER_BLOCK.sub(partial(_with_answer, connection), page.read_text("utf-8")), "utf-8")
        write_examples(Path(folder))
    TABLES_PAGE.write_text(tables_markdown(), "utf-8")
    return 0


def replay_newsroom(folder: Path, *, port: int = DEFAULT_PORT, is_extracted: bool = True) -> Path:
    """Run the main job on three evenings of the newsroom; return the lake, which is empty unless ``is_extracted``.

    Ids are hashes of URLs: answers are the same on every machine for one port. With port 0 (a free one) ids differ.
    """
    shutil.copytree(ROOT / "samples" / "inbox", folder / "inbox")
    sources = folder / "sources.toml"
    with Newsroom(port=port) as newsroom:
        sources.write_text(sources_at(newsroom.port), "utf-8")
        for day in DAYS:
            newsroom.day = day
            settings = Settings.load(data_dir=folder, sources_file=sources, frozen_now=f"{day}T20:00:00+00:00")
            _run(Workspace(settings), is_extracted=is_extracted, report_progress=lambda _: None)
    return folder / "lake"


def _run(workspace: Workspace, *, is_extracted: bool, report_progress: Callable[[str], None]) -> None:
    day, keys = workspace.settings.now().date(), [source.key for source in workspace.sources.sources]
    done = ingest_sources(
        workspace, source_keys=keys, day=day, run_id=f"ingest-{day}", report_progress=report_progress
    ).report
    for each in sorted({day, *done.days}) if is_extracted else ():
        extract_day(workspace, day=each, run_id=f"extract-{day}-{each}", report_progress=report_progress)


def _with_answer(connection: duckdb.DuckDBPyConnection, found: re.Match[str]) -> str:
    text = found["text"].strip()
    if found["kind"] == "sql":
        return found[1] + "\n" + _table(query(connection, text))
    call = _CALL.fullmatch(text)
    if call is None:
        return found[0]
    result = answer(connection, call["slug"], limit=int(call["limit"]) if call["limit"] else None)
    if call["chart"]:
        _draw(connection, ROOT / call["chart"], question_named(call["slug"]), result)
    return found[1] + "\n" + _table(result)


def _draw(connection: duckdb.DuckDBPyConnection, path: Path, question: Question, result: QueryResult) -> None:
    denominators = count_denominators(connection, question)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(
        picture_bytes(
            path, draw(question, result, denominators), question=question, answer=result, denominators=denominators
        )
    )


def _table(found: QueryResult) -> str:
    """Return rows as a Markdown table. Long cells and long answers are shortened, with a mark."""
    lines = [found.columns, ["---"] * len(found.columns), *found.rows[:_MOST_ROWS]]
    table = "".join("| " + " | ".join(map(_cell, line)) + " |\n" for line in lines)
    left = len(found.rows) - _MOST_ROWS
    return table + (f"\n… and {left} more rows\n" if left > 0 else "")


def _cell(value: object) -> str:
    text = "" if value is None else " ".join(str(value).split()).replace("|", "\\|")
    return text if len(text) <= _CELL else f"{text[: _CELL - 1]}…"


if __name__ == "__main__":
    sys.exit(main())
