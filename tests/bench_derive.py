"""From archived pages to committed rows: speed relative to bare `nlp.pipe`, workers, and memory over many articles.

`python -m tests.bench_derive` prints these figures alone; `make bench` prints them with the others. With a number of
articles, `python -m tests.bench_derive 100000` prints the memory of a process that reads as many.
"""

import random
import re
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cache
from html import escape
from pathlib import Path

import spacy
from rich.console import Console
from spacy.language import Language

from newslake.pipeline.clean import article_from_text, clean, page_identity
from newslake.pipeline.derive import LoadedAnnotator, derive_articles, load_annotator
from newslake.pipeline.jobs.commit import commit_day
from newslake.pipeline.jobs.derive import derive
from newslake.pipeline.jobs.run import start_reading
from newslake.pipeline.jobs.workers import WorkerPool, results_of
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.kb import load_kb
from newslake.pipeline.model import Article, Page
from newslake.pipeline.nlp.annotator import _folder_of
from newslake.pipeline.settings import Settings
from samples.server import FOLDERS, ROOT, resource_at

ROUNDS = 3
WORDS = 800
ARTICLES = 96  # in a round
WORKER_ARTICLES = 192
GROWTH_ARTICLES = 4_000
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
_SYLLABLES = [a + b for a in "bdfghklmnprstvw" for b in ("a", "en", "i", "or", "u", "el", "ash")]
out = Console(highlight=False)


def main() -> None:
    """Print every figure with its goal."""
    for name, least, value in (
        ("pages of 800 words, archive to committed rows / bare nlp.pipe, CPU time", 0.75, archive_ratio()),
        ("the same, two worker processes / one, by the clock", 1.80, worker_processes_ratio()),
    ):
        out.print(f"{'met ' if value >= least else 'MISS'} {name}: {value:.2f} (goal >= {least})")
    first, last = growth(GROWTH_ARTICLES)
    out.print(
        f"{'met ' if last <= 900 and last - first <= 20 else 'MISS'} MB of a process after half of {GROWTH_ARTICLES:,} "
        f"articles, and after all: {first:.0f}, {last:.0f} (goal <= 900, and at most 20 more)"
    )


@cache
def bare_model() -> Language:
    """Return the model as spaCy loads it, without what newslake changes."""
    return spacy.load(_folder_of(Settings.model_fields["spacy_model"].default))


@cache
def annotator() -> LoadedAnnotator:
    return load_annotator(Settings(), load_kb(None))


@cache
def long_pages(count: int) -> list[Page]:
    """Return pages of ``WORDS`` words, made of paragraphs of the sample newsroom; no two have the same text."""
    chance = random.Random(22)
    paragraphs = [part for article in _sample_articles() for part in article.texts("paragraph")]
    return [_page(number, chance.sample(paragraphs, len(paragraphs))) for number in range(count)]


def _sample_articles() -> Iterator[Article]:
    for day, folder in FOLDERS.items():
        for path in sorted((ROOT / folder).rglob("*.html")):
            url = f"/{path.relative_to(ROOT / folder)}"
            found = resource_at(url, day=day, base="https://post.example.org")
            assert found is not None
            read = clean(_given(url, found.body), source_key="bench")
            if isinstance(read, Article):
                yield read


def _page(number: int, paragraphs: list[str]) -> Page:
    words, taken = 0, []
    for each in paragraphs:
        if words >= WORDS:
            break
        taken.append(each)
        words += len(each.split())
    title = f"The {number} boats of Tarnwick"
    text = "".join(f"<p>{escape(each)}</p>" for each in taken)
    links = "".join(f"<li><a href='/section-{n}'>Section {n}</a></li>" for n in range(40))
    return _given(
        f"/story-{number}",
        (
            f"<html lang='en'><head><title>{title}</title>"
            "<meta property='article:published_time' content='2026-03-02T07:00:00Z'></head>"
            f"<body><nav><ul>{links}</ul></nav><article><h1>{title}</h1>{text}</article></body></html>"
        ).encode(),
    )


def _given(path: str, body: bytes) -> Page:
    url, headers = f"https://post.example.org{path}", {"content-type": "text/html; charset=utf-8"}
    return Page(url=url, final_url=url, status=200, headers=headers, body=body, fetched_at=NOON)


def long_articles(count: int) -> list[Article]:
    """Return the articles of ``long_pages``."""
    read = [clean(page, source_key="bench") for page in long_pages(count)]
    return [each for each in read if isinstance(each, Article)]


def archive_ratio() -> float:
    """CPU time of bare nlp.pipe on the texts, relative to that of deriving and committing their archived pages."""
    texts = [article.text for article in long_articles(ARTICLES)]
    annotator()
    ours, bare = [], []
    for _ in range(ROUNDS):
        ours.append(_extract_seconds(ARTICLES, processor_seconds))
        bare.append(processor_seconds(lambda: _read_bare(texts)))
    return min(bare) / min(ours)


def _read_bare(texts: list[str]) -> None:
    for _ in bare_model().pipe(texts, batch_size=16):
        pass


def processor_seconds(work: Callable[[], object]) -> float:
    """Return the processor seconds of some work in this process, those of its threads included."""
    before = resource.getrusage(resource.RUSAGE_SELF)
    work()
    after = resource.getrusage(resource.RUSAGE_SELF)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def clock_seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _extract_seconds(count: int, measure: Callable[[Callable[[], object]], float], *, workers: int = 0) -> float:
    """Return the time from an archive of some pages to their committed rows; loaded workers derive them, if any."""
    with tempfile.TemporaryDirectory() as folder:
        space = archived_pages(Path(folder), count)
        if not workers:
            return measure(lambda: extract_archived(space))
        with WorkerPool(space.settings, size=workers) as pool:
            _warm_up(pool)
            return measure(lambda: extract_archived(space, pool, count))


def archived_pages(root: Path, count: int) -> Workspace:
    """Return a workspace whose archive has some of ``long_pages``, and whose lake is empty."""
    (root / "sources.toml").touch()
    space = Workspace(Settings(data_dir=root, sources_file=root / "sources.toml", frozen_now=NOON))
    with space.archive.writer(source_key="post", run_id="in") as writer:
        for page in long_pages(count):
            writer.put(page, news_day=NOON.date(), article_id=page_identity(page)[1])
    return space


def extract_archived(space: Workspace, pool: WorkerPool | None = None, count: int = 0) -> None:
    """Derive the archived pages and commit their rows, in this process or in the workers of a pool."""
    day = NOON.date()
    if pool is None:
        derived = [derive(space, day=day, run_id="out")]
    else:
        derived = results_of(start_reading(pool, day=day, run_id="out", articles=count).chunks)
    done = commit_day(space, derived=derived, day=day, run_id="out", kind="manual", started_at=NOON)
    assert done.rows["articles"]


def load_in_worker(workspace: Workspace, /, *, count_pages: object) -> None:
    """Load the model in a worker, and stay until the other workers have loaded theirs."""
    load_annotator(workspace.settings, load_kb(None))
    time.sleep(2)


def _warm_up(pool: WorkerPool) -> None:
    for each in [pool.submit(load_in_worker, count_pages=lambda done, total: None) for _ in range(pool.size)]:
        each.result()


def worker_processes_ratio() -> float:
    """Articles per second of two worker processes relative to one, their models loaded."""
    one, two = (_extract_seconds(WORKER_ARTICLES, clock_seconds, workers=workers) for workers in (1, 2))
    return one / two


def growth(count: int) -> tuple[float, float]:
    """Return the resident MB of this process after half of some short articles, and after all of them.

    Every article has 30 words that no other article has: as many as about ten articles of a newspaper.
    """
    chance = random.Random(22)
    found = []
    for half in range(2):
        numbers = range(half * count // 2, (half + 1) * count // 2)
        given = (_rare_article(chance, number) for number in numbers)
        for _ in derive_articles(given, annotator=annotator(), version="bench"):
            pass
        found.append(_resident_mb())
    return found[0], found[1]


def _rare_article(chance: random.Random, number: int) -> Article:
    words = ["".join(chance.choices(_SYLLABLES, k=4)) for _ in range(30)]
    names = " ".join(word.title() for word in words[:4])
    sentences = " ".join(f"The {one} met the {other}." for one, other in zip(words[4::2], words[5::2], strict=True))
    url = f"https://post.example.org/rare-{number}"
    return article_from_text(f"{names}\n\n{sentences}", title=names, language="en", url=url)


def _resident_mb() -> float:
    found = re.search(r"VmRSS:\s+(\d+)", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1]) / 1024


if __name__ == "__main__":
    if len(sys.argv) > 1:
        out.print(f"MB after half of the articles, and after all: {growth(int(sys.argv[1]))}")
    else:
        main()
