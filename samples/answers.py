"""`python -m samples.answers`: replays the sample newsroom and writes the answers in docs/how-to anew.

An answer is the table that stands below a block of SQL, or below `newslake ask QUESTION`.
"""

import re
import shutil
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import duckdb

from pipeline.ask import Answer, answer, connect, query
from pipeline.settings import Settings
from pipeline.stages.run import extract_day, ingest_sources
from pipeline.stages.workspace import Workspace
from samples.server import DAYS, DEFAULT_PORT, Newsroom

ROOT = Path(__file__).parents[1]
HOW_TO = ROOT / "docs" / "how-to"
_MOST_ROWS, _CELL = 10, 110
_ASKED = re.compile(r"(```(?P<kind>sql|sh)\n(?P<text>[^`]*)```\n)(?:\n(?:\|[^\n]*\n)+)?(?:\n… and \d+ more rows\n)?")


def main() -> int:
    """Rewrite every page; return the exit code."""
    with tempfile.TemporaryDirectory() as folder:
        connection = connect(replayed(Path(folder)))
        for page in sorted(HOW_TO.glob("*.md")):
            page.write_text(_ASKED.sub(partial(_with_answer, connection), page.read_text("utf-8")), "utf-8")
    return 0


def replayed(folder: Path, *, port: int = DEFAULT_PORT) -> Path:
    """Run the main job on three evenings of the newsroom; return the lake.

    Ids are of addresses, so the answers are the same on every machine at one port; at 0, a free one, only alike.
    """
    shutil.copytree(ROOT / "samples" / "inbox", folder / "inbox")
    sources = folder / "sources.toml"
    given = (ROOT / "sources.toml").read_text("utf-8")
    with Newsroom(port=port) as newsroom:
        here = given.replace(f"127.0.0.1:{DEFAULT_PORT}", f"127.0.0.1:{newsroom.port}")
        sources.write_text(here.replace("data/inbox", f"{folder}/inbox"))
        for day in DAYS:
            newsroom.day = day
            settings = Settings.load(data_dir=folder, sources_file=sources, frozen_now=f"{day}T20:00:00+00:00")
            _run(Workspace(settings), tell=lambda _: None)
    return folder / "lake"


def _run(workspace: Workspace, *, tell: Callable[[str], None]) -> None:
    day, keys = workspace.settings.now().date(), [source.key for source in workspace.sources.sources]
    done = ingest_sources(workspace, source_keys=keys, day=day, run_id=f"ingest-{day}", tell=tell).report
    for each in sorted({day, *done.days}):
        extract_day(workspace, day=each, run_id=f"extract-{day}-{each}", tell=tell)


def _with_answer(connection: duckdb.DuckDBPyConnection, found: re.Match[str]) -> str:
    text = found["text"].strip()
    if found["kind"] == "sql":
        return found[1] + "\n" + _table(query(connection, text))
    slug = text.removeprefix("newslake ask ")
    return found[0] if slug == text else found[1] + "\n" + _table(answer(connection, slug))


def _table(found: Answer) -> str:
    """Return rows as a Markdown table; long cells and long answers are cut, and say so."""
    lines = [found.columns, ["---"] * len(found.columns), *found.rows[:_MOST_ROWS]]
    table = "".join("| " + " | ".join(map(_cell, line)) + " |\n" for line in lines)
    left = len(found.rows) - _MOST_ROWS
    return table + (f"\n… and {left} more rows\n" if left > 0 else "")


def _cell(value: object) -> str:
    text = "" if value is None else " ".join(str(value).split()).replace("|", "\\|")
    return text if len(text) <= _CELL else f"{text[: _CELL - 1]}…"


if __name__ == "__main__":
    sys.exit(main())
