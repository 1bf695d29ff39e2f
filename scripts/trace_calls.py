"""Count the calls between the modules of pipeline/ and plugins/, for one article and one question.

    python -m scripts.trace_calls [--chains] [--write docs/architecture.md]

The article is from the sample newsroom: a feed lists it, `newslake run` commits its rows, `newslake ask` then answers a
question on them. Both are traced with all add-ons and without any (`NEWS_ADDONS=none`), each in a new process.

A hop is a call from a function of one of our modules to a function of another. Repeated hops between the same two
modules count once if no other hop of that thread is between them. Threads make an article's number vary by about 4.

The stays are those of a reader of `clean` for the same article, who reads each function once: from `clean` into each
function at its first call, and after it back to its first caller. A stay is a part of this walk in one module, from a
call or a return into the module to the next one out of it. The run before has filled the caches of the process.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from itertools import groupby
from pathlib import Path
from types import CodeType, FrameType

from typer.testing import CliRunner

from newslake.pipeline.clean import clean
from newslake.pipeline.cli import app
from newslake.pipeline.model import Hints, Page
from samples.server import BASE, FOLDERS, Newsroom
from samples.server import ROOT as NEWSROOM

ROOT = Path(__file__).resolve().parents[1]
TOPS = ("newslake", "plugins")
DAY = min(FOLDERS)
FEED, ARTICLE = "courier/rss.xml", "courier/news/harbour-bridge-closed"
QUESTION = "top-speakers"
CLEAN = "clean(page)"
FIGURES = ("hops", "distinct hops", "modules entered")
# The add-ons of each process, with the words after the names of its walks in the table.
VARIANTS = {"all": "", "none": " without add-ons"}
_ROW = re.compile(r"^\| ([^|\n]+) \| ([^|\n]+) \| *(\d+) *\|$", re.MULTILINE)  # walk, figure, value
_TOOL = sys.monitoring.PROFILER_ID

Figures = dict[str, dict[str, int]]  # by walk and name


@dataclass
class Trace:
    """The hops of one walk, each as caller and callee, and the functions that each function is first to call."""

    hops: list[tuple[str, str]] = field(default_factory=list)
    _last: dict[int, tuple[str, str]] = field(default_factory=dict)
    _modules: dict[CodeType, str] = field(default_factory=dict)
    _called: set[CodeType] = field(default_factory=set)
    _first_calls: dict[CodeType, list[CodeType]] = field(default_factory=lambda: defaultdict(list))

    def add_call(self, caller: tuple[CodeType, str], callee: tuple[CodeType, str]) -> None:
        """Count a call between functions and their modules, unless it repeats the last hop of its thread."""
        self._modules.update((caller, callee))
        if callee[0] not in self._called:
            self._called.add(callee[0])
            self._first_calls[caller[0]].append(callee[0])
        hop, thread = (caller[1], callee[1]), threading.get_ident()
        if hop[0] != hop[1] and self._last.get(thread) != hop:
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

    def stays(self, function: CodeType) -> list[str]:
        """Return the module of each stay of a reader who starts at a function."""
        return [module for module, _ in groupby(self._walk(function))]

    def _walk(self, function: CodeType) -> Iterator[str]:
        yield self._modules[function]
        for callee in self._first_calls[function]:
            yield from self._walk(callee)
            yield self._modules[function]


@contextmanager
def tracing(root: Path, tops: tuple[str, ...]) -> Iterator[Trace]:
    """Trace the calls between modules below some folders of ``root`` in the block, in every thread."""
    trace, names = Trace(), _Names(root, tops)

    def on_start(code: CodeType, _: int) -> object:
        module = names.module_of(code)
        if module is None or code.co_name == "<module>":
            return sys.monitoring.DISABLE
        caller = names.caller_of(sys._getframe(1).f_back)
        if caller is not None:
            trace.add_call(caller, (code, module))
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

    def caller_of(self, frame: FrameType | None) -> tuple[CodeType, str] | None:
        """Return the nearest function of our code in a stack, and its module; None during the import of a module."""
        while frame is not None:
            module = self.module_of(frame.f_code)
            if module is not None:
                return None if frame.f_code.co_name == "<module>" else (frame.f_code, module)
            frame = frame.f_back
        return None


def main() -> int:
    """Trace the walks; print the figures and write the page."""
    options = _options()
    if options.here or options.chains:
        traces = trace_sample()
        print("\n".join(f"{walk}\n" + "\n".join(trace.chain()) for walk, trace in traces.items()) * options.chains)
        print(json.dumps({walk: trace.figures() for walk, trace in traces.items()} | {CLEAN: clean_figures()}))
        return 0
    figures = measure()
    print(table(figures))
    if options.write:
        options.write.write_text(with_figures(options.write.read_text("utf-8"), figures), "utf-8")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--chains", action="store_true", help="print every distinct hop in order, with all add-ons")
    parser.add_argument("--here", action="store_true", help="trace in this process, and print the figures as JSON")
    parser.add_argument("--write", type=Path, help="the page with the table to update")
    return parser.parse_args()


def measure() -> Figures:
    """Return the figures of all walks, of each variant in a process of its own."""
    with ThreadPoolExecutor() as pool:
        variants = list(pool.map(_measure_with, VARIANTS))
    figures: Figures = {}
    for (addons, words), walks in zip(VARIANTS.items(), variants, strict=True):
        figures.update({f"{walk}{words}": walks[walk] for walk in walks if addons == "all" or walk != CLEAN})
    return figures


def _measure_with(addons: str) -> Figures:
    environment = {**os.environ, "NEWS_ADDONS": addons, "PYTHONHASHSEED": "0"}
    command = [sys.executable, "-m", "scripts.trace_calls", "--here"]
    output = subprocess.check_output(command, cwd=ROOT, env=environment, text=True)
    figures: Figures = json.loads(output.splitlines()[-1])
    return figures


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


def clean_figures() -> dict[str, int]:
    """Return the stays of `clean` for the article, and the modules that they are in."""
    site = "https://courier.example"
    page = Page(
        url=f"{site}/{ARTICLE}",
        final_url=f"{site}/{ARTICLE}",
        status=200,
        headers={"content-type": "text/html; charset=utf-8"},
        body=(NEWSROOM / FOLDERS[DAY] / f"{ARTICLE}.html").read_bytes().replace(BASE, site.encode()),
        fetched_at=datetime.combine(DAY, time(20), UTC),
        hints=Hints(),
    )
    with tracing(ROOT, TOPS) as trace:
        clean(page, source_key="courier")
    stays = trace.stays(clean.__code__)
    return {"stays": len(stays), "modules entered": len(set(stays))}


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


def table(figures: Mapping[str, Mapping[str, int]]) -> str:
    """Return the figures as a Markdown table."""
    rows = [f"| {walk} | {name} | {value} |" for walk, counts in figures.items() for name, value in counts.items()]
    return "\n".join(["| walk | figure | number |", "|---|---|---|", *rows])


def with_figures(page: str, figures: Mapping[str, Mapping[str, int]]) -> str:
    """Return a page with the numbers of its table replaced; other tables are unchanged."""

    def row_of(row: re.Match[str]) -> str:
        number = figures.get(row[1], {}).get(row[2], row[3])
        return f"| {row[1]} | {row[2]} | {number} |"

    return _ROW.sub(row_of, page)


def figures_in(page: str) -> Figures:
    """Return the figures of the walks in the table of a page."""
    figures: Figures = {}
    for walk, name, number in _ROW.findall(page):
        figures.setdefault(walk, {})[name] = int(number)
    return figures


if __name__ == "__main__":
    sys.exit(main())
