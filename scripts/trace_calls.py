"""Print the hops between the modules of pipeline/ and plugins/, for one article and one question.

    python -m scripts.trace_calls [--chains] [--write docs/architecture.md] [--save FILE.json] [--before FILE.json]

A hop is a call from a function of one of our modules to a function of another. Repeated hops between the same two
modules count once if no other hop of that thread is between them. The article is from the sample newsroom: a feed lists
it, `newslake run` commits its rows, `newslake ask` then answers a question on them.
"""

import argparse
import json
import re
import shutil
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FrameType

from typer.testing import CliRunner

from newslake.pipeline.cli import app
from samples.server import FOLDERS, Newsroom
from samples.server import ROOT as NEWSROOM

ROOT = Path(__file__).resolve().parents[1]
TOPS = ("newslake", "plugins")
DAY = min(FOLDERS)
FEED, ARTICLE = "courier/rss.xml", "courier/news/harbour-bridge-closed"
QUESTION = "top-speakers"
FIGURES = ("hops", "distinct hops", "modules entered")
# A row of the table: its walk, its figure, the previous value and the current value.
_ROW = re.compile(r"^\| ([^|\n]+) \| ([^|\n]+) \| *(\d*) *\| *(\d*) *\|$", re.MULTILINE)
_TOOL = sys.monitoring.PROFILER_ID


@dataclass
class Trace:
    """The hops of one walk, each as caller and callee."""

    hops: list[tuple[str, str]] = field(default_factory=list)
    _last: dict[int, tuple[str, str]] = field(default_factory=dict)

    def add(self, caller: str, callee: str) -> None:
        """Count a call, unless it stays in its module or repeats the last hop of its thread."""
        hop, thread = (caller, callee), threading.get_ident()
        if caller != callee and self._last.get(thread) != hop:
            self._last[thread] = hop
            self.hops.append(hop)

    @property
    def distinct(self) -> list[tuple[str, str]]:
        """The distinct hops, in the order of their first occurrence."""
        return list(dict.fromkeys(self.hops))

    def figures(self) -> dict[str, int]:
        """Return the counts by name."""
        modules = {callee for _, callee in self.hops}
        return dict(zip(FIGURES, (len(self.hops), len(self.distinct), len(modules)), strict=True))

    def chain(self) -> Iterator[str]:
        """Yield the distinct hops as lines; consecutive hops share a line."""
        line: list[str] = []
        for caller, callee in self.distinct:
            if line and line[-1] != caller:
                yield " > ".join(line)
                line = []
            line += [callee] if line else [caller, callee]
        if line:
            yield " > ".join(line)


@contextmanager
def tracing(root: Path, tops: tuple[str, ...]) -> Iterator[Trace]:
    """Trace the calls between modules below some folders of ``root`` in the block, in every thread."""
    trace, names = Trace(), _Names(root, tops)

    def on_start(code: CodeType, _: int) -> object:
        callee = names.module_of(code)
        if callee is None or code.co_name == "<module>":
            return sys.monitoring.DISABLE
        frame = sys._getframe(1).f_back
        caller = names.caller_of(frame)
        if caller is not None:
            trace.add(caller, callee)
        return None

    monitoring = sys.monitoring
    monitoring.use_tool_id(_TOOL, "newslake-hops")
    monitoring.register_callback(_TOOL, monitoring.events.PY_START, on_start)
    monitoring.set_events(_TOOL, monitoring.events.PY_START)
    try:
        yield trace
    finally:
        monitoring.set_events(_TOOL, monitoring.events.NO_EVENTS)
        monitoring.restart_events()
        monitoring.free_tool_id(_TOOL)


class _Names:
    """The modules of files below some folders, as paths without ``.py``."""

    def __init__(self, root: Path, tops: tuple[str, ...]) -> None:
        self._root = root
        self._tops = tuple(f"{root / top}/" for top in tops)
        self._known: dict[str, str | None] = {}

    def module_of(self, code: CodeType) -> str | None:
        """Return the module of some code; None if it is not one of ours."""
        name = code.co_filename
        if name not in self._known:
            is_ours = name.startswith(self._tops)
            self._known[name] = Path(name).relative_to(self._root).with_suffix("").as_posix() if is_ours else None
        return self._known[name]

    def caller_of(self, frame: FrameType | None) -> str | None:
        """Return the module of the nearest frame of our code; None during the import of a module."""
        while frame is not None:
            module = self.module_of(frame.f_code)
            if module is not None:
                return None if frame.f_code.co_name == "<module>" else module
            frame = frame.f_back
        return None


def main() -> int:
    """Trace both walks; print the figures and write the requested files."""
    options = _options()
    traces = trace_sample()
    now = {walk: trace.figures() for walk, trace in traces.items()}
    before = json.loads(options.before.read_text("utf-8")) if options.before else {}
    print(table(now, before))
    if options.chains:
        print("\n".join(f"\n{walk}\n" + "\n".join(trace.chain()) for walk, trace in traces.items()))
    if options.save:
        options.save.write_text(json.dumps(now, indent=1) + "\n", "utf-8")
    if options.write:
        options.write.write_text(with_figures(options.write.read_text("utf-8"), now), "utf-8")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--chains", action="store_true", help="print every distinct hop in order")
    parser.add_argument("--write", type=Path, help="the page with the table to update")
    parser.add_argument("--save", type=Path, help="write the figures as JSON")
    parser.add_argument("--before", type=Path, help="figures written by --save, for comparison")
    return parser.parse_args()


def trace_sample() -> dict[str, Trace]:
    """Process one article of the sample newsroom and answer one question; return their traces by name."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        with Newsroom(day=DAY, root=_one_article(folder / "newsroom")) as newsroom:
            settings = _settings(folder, newsroom)
            article = _traced(["run", "--day", str(DAY), "--quiet"], settings)
        question = _traced(["ask", QUESTION], settings)
    return {"article": article, "question": question}


def _traced(words: list[str], settings: Mapping[str, str]) -> Trace:
    with tracing(ROOT, TOPS) as trace:
        done = CliRunner().invoke(app, words, env=settings)
    if done.exit_code:
        raise SystemExit(f"newslake {' '.join(words)}: exit code {done.exit_code}: {done.output}")
    return trace


def _one_article(root: Path) -> Path:
    """Create a newsroom with one article in its feed; return its root."""
    source, target = NEWSROOM / FOLDERS[DAY], root / FOLDERS[DAY]
    page = target / f"{ARTICLE}.html"
    page.parent.mkdir(parents=True)
    shutil.copy(source / f"{ARTICLE}.html", page)
    feed = (source / FEED).read_text("utf-8")
    others = [item for item in re.findall(r"<item>.*?</item>\n", feed, re.DOTALL) if ARTICLE not in item]
    for item in others:
        feed = feed.replace(item, "")
    (target / FEED).write_text(feed, "utf-8")
    return root


def _settings(folder: Path, newsroom: Newsroom) -> dict[str, str]:
    sources = folder / "sources.toml"
    sources.write_text(
        f'private_hosts = ["127.0.0.1:{newsroom.port}"]\n[sources.courier]\nkind = "feed"\n'
        f'url = "{newsroom.base_url}/{FEED}"\ninterval_seconds = 0\n',
        "utf-8",
    )
    return {
        "NEWS_DATA_DIR": str(folder / "data"),
        "NEWS_SOURCES_FILE": str(sources),
        "NEWS_FROZEN_NOW": f"{DAY}T20:00:00+00:00",
    }


def table(now: Mapping[str, Mapping[str, int]], before: Mapping[str, Mapping[str, int]]) -> str:
    """Return the figures as a Markdown table."""
    rows = [
        f"| {walk} | {name} | {before.get(walk, {}).get(name, '')} | {value} |"
        for walk, figures in now.items()
        for name, value in figures.items()
    ]
    return "\n".join(["| walk | figure | before | now |", "|---|---|---|---|", *rows])


def with_figures(page: str, now: Mapping[str, Mapping[str, int]]) -> str:
    """Return a page with the last column of its table replaced; other tables are unchanged."""

    def filled(row: re.Match[str]) -> str:
        value = now.get(row[1], {}).get(row[2])
        return row[0] if value is None else f"| {row[1]} | {row[2]} | {row[3]} | {value} |"

    return _ROW.sub(filled, page)


if __name__ == "__main__":
    sys.exit(main())
