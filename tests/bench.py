"""`make bench`: speed and memory as ratios within one run, on the sample newsroom's pages.

Each figure compares our code with the minimal use of the bare library, in the same process, alternating, each the best
of several rounds. There are no absolute times, because machines differ and are busy.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from unittest.mock import patch

from rich.console import Console
from spacy.language import Language

from newslake.pipeline.clean import clean, extract
from newslake.pipeline.kb import load_kb
from newslake.pipeline.model import Article, Page
from newslake.pipeline.nlp import Annotator, annotator, load_model
from newslake.pipeline.settings import Settings
from samples.server import FOLDERS, ROOT, resource_at
from tests import bench_fetch
from tests.bench_clean import page_times, ratio_of
from tests.bench_clusters import main as cluster_figures
from tests.bench_derive import bare_model, long_articles, processor_seconds
from tests.bench_derive import main as derive_figures
from tests.bench_near_duplicates import main as near_duplicate_figures

ROUNDS = 3
NOW = datetime(2026, 3, 4, 20, tzinfo=UTC)
ENTITY_STEPS = ("find_entities", "link_quotes")
QUOTE_STEPS = ("scan_marks", "extract_quotes")
EVENT_STEPS = ("find_times", "extract_events")
out = Console(highlight=False)


def main() -> None:
    """Print every figure with its goal."""
    for name, goal, measure in FIGURES:
        value = measure()
        is_met = value <= goal[1] if goal[0] == "<=" else value >= goal[1]
        out.print(f"{'met ' if is_met else 'MISS'} {name}: {value:.2f} (goal {goal[0]} {goal[1]})")
    derive_figures()
    start_figures()
    near_duplicate_figures()
    cluster_figures()


def start_figures() -> None:
    """Print what the command line costs to start: wall and processor seconds, and as a multiple of bare Python."""
    bare = _started("-c", "pass")
    for args in (("--help",), ("sql", "SELECT 1")):
        (wall, processor), (bare_wall, bare_processor) = _started("-m", "newslake", *args), bare
        out.print(
            f"newslake {' '.join(args)}: {wall:.2f} s wall ({wall / bare_wall:.0f}x python -c pass), "
            f"{processor:.2f} s processor ({processor / bare_processor:.0f}x)"
        )


def _started(*args: str) -> tuple[float, float]:
    """Return the least wall and processor seconds of one process, of several rounds."""
    found = []
    for _ in range(ROUNDS):
        before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        subprocess.run([sys.executable, *args], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
        wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
        found.append((wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime))
    return min(wall for wall, _ in found), min(processor for _, processor in found)


def best(*works: Callable[[], object]) -> list[float]:
    """Return the least processor seconds of each function; the functions run alternately."""
    for work in works:
        work()
    times = [[processor_seconds(work) for work in works] for _ in range(ROUNDS)]
    return [min(column) for column in zip(*times, strict=True)]


def _time(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def pages() -> list[Page]:
    """Return every sample page of every day."""
    found = []
    for day, folder in FOLDERS.items():
        for path in sorted((ROOT / folder).rglob("*.html")):
            url = f"/{path.relative_to(ROOT / folder)}"
            page = resource_at(url, day=day, base="http://127.0.0.1:8808")
            assert page is not None
            headers = {"content-type": page.content_type}
            address = f"http://127.0.0.1:8808{url}"
            found.append(
                Page(url=address, final_url=address, status=200, headers=headers, body=page.body, fetched_at=NOW)
            )
    return found


def articles(*, times: int = 4) -> list[Article]:
    """Return the sample articles, repeated several times."""
    read = [extract(page, source_key="bench") for page in pages()]
    return [article for article in read if article.word_count > 100] * times


def annotate_ratio(given: Callable[[], list[Article]], bare: Callable[[], Language]) -> float:
    """Words per second of all extractors, relative to bare nlp.pipe, batch size 16."""
    mine, theirs = best(*_reading(given(), bare()))
    return theirs / mine


def our_model() -> Language:
    """Return the model as newslake loads it, with numpy's matrices."""
    return load_model(Settings.model_fields["spacy_model"].default)


def _reading(given: list[Article], model: Language) -> tuple[Callable[[], None], Callable[[], None]]:
    """Return functions that annotate articles, and that run a model on the same texts."""
    nlp = our_model()
    reader = Annotator(nlp, kb=load_kb(None), infer_gender=True)

    def ours() -> None:
        for article, doc in reader.docs(given):
            assert doc is not None
            reader.annotate(article, doc)

    def bare() -> None:
        for _ in model.pipe([article.text for article in given], batch_size=16):
            pass

    return ours, bare


def stage_share(*stages: str) -> float:
    """CPU time of some steps of annotation, relative to bare nlp.pipe on the same texts, minimum of the rounds."""
    ours, bare = _reading(articles(), bare_model())
    return min(_spent(stages, ours) for _ in range(ROUNDS)) / min(_spent((), bare) for _ in range(ROUNDS))


def _spent(stages: Sequence[str], work: Callable[[], None]) -> float:
    """Return the CPU seconds of the named functions of the annotator during some work, or of all work."""
    spent = 0.0

    def timed[**P, T](step: Callable[P, T]) -> Callable[P, T]:
        def run(*given: P.args, **options: P.kwargs) -> T:
            nonlocal spent
            started = time.process_time()
            try:
                return step(*given, **options)
            finally:
                spent += time.process_time() - started

        return run

    with ExitStack() as patched:
        for name in stages:
            patched.enter_context(patch.object(annotator, name, timed(getattr(annotator, name))))
        (work if stages else timed(work))()
    return spent


def clean_ratio() -> float:
    """Pages per processor second of our extraction, relative to bare trafilatura, on the sample articles."""
    return ratio_of(page_times([page for page in pages() if isinstance(clean(page, source_key="bench"), Article)]))


def worker_ratio() -> float:
    """Lines per second of `annotate` with 2 workers, relative to 1 worker, without loading the model."""
    given = articles(times=24)
    line = [json.dumps({"doc_id": str(n), "text": article.text}) for n, article in enumerate(given)]
    few = line[:8]

    def took(workers: int) -> float:
        return _annotate(line, workers) - _annotate(few, workers)

    return took(1) / took(2)


def _annotate(lines: list[str], workers: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "in.jsonl"
        source.write_text("\n".join(lines) + "\n", "utf-8")
        command = [sys.executable, "-m", "newslake", "annotate", str(source), str(Path(folder) / "out.jsonl")]
        return _time(lambda: subprocess.run([*command, "--workers", str(workers), "--quiet"], check=True))


def clean_worker_ratio() -> float:
    """Pages per second of `clean` with 2 workers, relative to 1 worker, without the start of the processes."""
    given = [page.body for page in pages()] * 60
    with tempfile.TemporaryDirectory() as folder:
        for number, body in enumerate(given):
            (Path(folder) / f"{number}.html").write_bytes(body)

        def took(count: int, workers: int) -> float:
            source = Path(folder) / "in.jsonl"
            lines = [json.dumps({"doc_id": str(n), "html": f"{n}.html"}) for n in range(count)]
            source.write_text("\n".join(lines) + "\n", "utf-8")
            command = [sys.executable, "-m", "newslake", "clean", str(source), str(Path(folder) / "out.jsonl")]
            return _time(lambda: subprocess.run([*command, "--workers", str(workers), "--quiet"], check=True))

        one, two = (took(len(given), workers) - took(8, workers) for workers in (1, 2))
        return one / two


def worker_memory() -> float:
    """Peak resident MB of one annotating process. On Linux, getrusage would include the parent before exec."""
    given = articles(times=12)
    code = (
        "import re, sys\n"
        "from newslake.pipeline.addons.documents.documents import annotate_lines\n"
        "from newslake.pipeline.settings import Settings\n"
        "sum(1 for _ in annotate_lines(sys.stdin.buffer, settings=Settings.load()))\n"
        "print(int(re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read()).group(1)) / 1024)"
    )
    lines = "\n".join(json.dumps({"doc_id": str(n), "text": article.text}) for n, article in enumerate(given))
    done = subprocess.run([sys.executable, "-c", code], input=lines, capture_output=True, text=True, check=True)
    return float(done.stdout)


def dag_parse_seconds() -> float:
    """Seconds to parse the slowest DAG file, without the import of airflow."""
    code = (
        "import sys, time, runpy; sys.path[:0] = ['plugins', '.']\n"
        "import airflow.sdk\n"
        "def t(f):\n s = time.perf_counter(); runpy.run_path(f); return time.perf_counter() - s\n"
        "import glob; print(max(t(f) for f in glob.glob('dags/*.py')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1])


FIGURES: tuple[tuple[str, tuple[str, float], Callable[[], float]], ...] = (
    ("annotating / bare nlp.pipe, sample newsroom", (">=", 0.85), partial(annotate_ratio, articles, bare_model)),
    ("the same, articles of 800 words", (">=", 0.85), partial(annotate_ratio, partial(long_articles, 48), bare_model)),
    ("the same / nlp.pipe of our model", (">=", 0.60), partial(annotate_ratio, partial(long_articles, 48), our_model)),
    ("entities, coreference and links / bare nlp.pipe, CPU time", ("<=", 0.08), partial(stage_share, *ENTITY_STEPS)),
    ("quotes and speakers / bare nlp.pipe, CPU time", ("<=", 0.06), partial(stage_share, *QUOTE_STEPS)),
    ("events and times / bare nlp.pipe, CPU time", ("<=", 0.06), partial(stage_share, *EVENT_STEPS)),
    ("cleaning / bare trafilatura, pages per CPU second", (">=", 0.70), clean_ratio),
    ("clean with 2 workers / 1 worker", (">=", 1.70), clean_worker_ratio),
    ("fetching and archiving / bare requests sessions, pages per CPU second", (">=", 0.40), bench_fetch.fetch_ratio),
    ("1,000 pages over 20 hosts, makespan / ideal of the slowest", ("<=", 1.10), bench_fetch.makespan_ratio),
    ("minimum distance of two starts at a host / its interval", (">=", 1.0), bench_fetch.distance_ratio),
    ("unchanged second run, % with status 304", (">=", 100), bench_fetch.unchanged_percent),
    ("unchanged second run, bodies archived", ("<=", 0), bench_fetch.unchanged_bodies),
    ("peak MB of fetching bombs and endless bodies", ("<=", 500), bench_fetch.fetching_memory),
    ("annotate with 2 workers / 1 worker", (">=", 1.60), worker_ratio),
    ("peak MB of a worker", ("<=", 900), worker_memory),
    ("seconds to parse a DAG file", ("<=", 1.0), dag_parse_seconds),
)

if __name__ == "__main__":
    main()
