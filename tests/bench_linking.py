"""The figures of linking with a knowledge base of 50,000 generated entries, three for each name in the articles.

python -m tests.bench_linking
"""

import json
import os
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest.mock import patch

from rich.console import Console

from newslake.pipeline.kb import build_store, builtin, load_kb, read_records
from newslake.pipeline.model import Article
from newslake.pipeline.nlp import Annotator, load_model
from newslake.pipeline.nlp.entities import extraction
from newslake.pipeline.settings import Settings
from tests.bench import ROUNDS, articles, worker_memory

ENTRIES = 50_000
BEARERS = 3
STEPS = ("link_entities", "with_kb_versions")
KINDS = ("PERSON", "ORG", "GPE")
SYLLABLES = ("bar", "del", "fen", "gor", "hal", "kim", "lor", "mav", "nel", "ost", "pri", "quo", "ral", "sen", "tor")
WORDS = ("minister", "writer", "harbour", "council", "football", "bank", "river", "hospital", "school", "painter")
COUNTRIES = ("IRL", "GBR", "USA", "NLD", "FRA")
out = Console(highlight=False)


def main() -> None:
    """Print every figure with its goal."""
    with tempfile.TemporaryDirectory() as folder:
        path = make_kb(Path(folder))
        with patch.dict(os.environ, {"NEWS_KB_FILE": str(path)}):
            memory = worker_memory()
        figures = (
            ("linking relative to bare nlp.pipe, 50,000 entries", linking_share(path), 0.03),
            ("seconds to load all knowledge", _seconds_to_load(path), 0.15),
            ("MB of a worker with it", memory, 900),
        )
    for name, value, goal in figures:
        out.print(f"{'met ' if value <= goal else 'MISS'} {name}: {value:.3f} (goal <= {goal})")


def make_kb(folder: Path) -> Path:
    """Write a knowledge base of generated names, and of those in the sample articles."""
    lines, path = folder / "kb.jsonl", folder / "kb.sqlite"
    lines.write_text("\n".join(map(json.dumps, _entries())), "utf-8")
    with lines.open("rb") as stream:
        assert build_store(path, read_records(stream)).bad == ()
    return path


def _entries() -> Iterator[dict[str, object]]:
    chance = random.Random(5)
    names = [(name, kind) for name, kind in sorted(_read_names()) for _ in range(BEARERS)]
    for number in range(ENTRIES):
        made = " ".join("".join(chance.choices(SYLLABLES, k=2)).title() for _ in range(2))
        name, kind = names[number] if number < len(names) else (made, chance.choice(KINDS))
        yield {
            "qid": f"Q{900_000_000 + number}",
            "label": name,
            "aliases": [f"{name} {chance.choice(SYLLABLES).title()}", made.upper()],
            "types": [kind],
            "prior": chance.randint(0, 300),
            "country": chance.choice(COUNTRIES),
            "description": " ".join(chance.choices(WORDS, k=8)),
            "context": chance.choices(WORDS, k=5),
        }


def _read_names() -> set[tuple[str, str]]:
    annotator = _annotator(None)
    return {
        (entity.entity_name, entity.entity_type)
        for article, doc in annotator.docs(articles(times=1))
        if doc is not None
        for entity in annotator.annotate(article, doc).entities
        if entity.entity_name
    }


def _annotator(path: Path | None) -> Annotator:
    return Annotator(load_model(Settings.model_fields["spacy_model"].default), kb=load_kb(store=path))


def linking_share(path: Path) -> float:
    """CPU time of linking, relative to bare nlp.pipe on the same texts, each the best of the rounds."""
    annotator, given = _annotator(path), articles()
    nlp = load_model(Settings.model_fields["spacy_model"].default)
    texts = [article.text for article in given]
    bare = min(_seconds(lambda: list(nlp.pipe(texts, batch_size=16))) for _ in range(ROUNDS))
    return min(_linking_seconds(annotator, given) for _ in range(ROUNDS)) / bare


def _linking_seconds(annotator: Annotator, given: list[Article]) -> float:
    spent = 0.0

    def timed(step):
        def run(*args):
            nonlocal spent
            started = time.process_time()
            try:
                return step(*args)
            finally:
                spent += time.process_time() - started

        return run

    with patch.multiple(extraction, **{name: timed(getattr(extraction, name)) for name in STEPS}):
        for article, doc in annotator.docs(given):
            if doc is not None:
                annotator.annotate(article, doc)
    return spent


def _seconds_to_load(path: Path) -> float:
    for each in (builtin.load_builtin, builtin.read_cities):
        each.cache_clear()
    return _seconds(lambda: load_kb(store=path))


def _seconds(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


if __name__ == "__main__":
    main()
