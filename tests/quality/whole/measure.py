"""`python -m tests.quality --corpus FOLDER`: how often rows are right on whole articles, by part of the corpus.

FOLDER has texts.jsonl, which is no part of the project. Families are of the part to tune alone. Each run appends a line
for the part to believe to corpus/believe.log, so that everybody sees how often it was looked at. `--folds` looks at the
part to tune alone: its misses are of folds 0 to 2, and folds 3 and 4 say whether a rule for them holds elsewhere.
`--sealed` also scores the sealed part: once, at the end of an issue.
"""

import json
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from rich.console import Console
from rich.table import Table

from newslake.pipeline.addons.documents.documents import annotate_lines
from newslake.pipeline.settings import Settings
from tests.quality.whole.agreement import agreement, equal_values
from tests.quality.whole.annotations import Json, digest_of, read_annotations
from tests.quality.whole.report import Estimate, calibration, estimates, families, fold_of
from tests.quality.whole.scores import RATIOS, ArticleScore, score_article

ROOT = Path(__file__).resolve().parents[3]
ANNOTATIONS = ROOT / "corpus"
FOLDS_TO_READ = (0, 1, 2)
LOG = ANNOTATIONS / "believe.log"
_INPUT = ("doc_id", "text", "title", "published_at")


def measure_corpus(folder: Path, *, is_sealed: bool, out: Console, misses: str | None = None) -> None:
    """Print the figures of each part, their gaps, and the families of the part to tune."""
    parts = ("tune", "believe", "sealed") if is_sealed else ("tune", "believe")
    scores = _scores(folder, parts)
    _print_parts(scores, out)
    out.print(_family_table(scores["tune"]))
    _log(estimates(scores["believe"]), len(scores["believe"]))
    if misses is not None:
        _print_misses(scores["tune"], misses, out)


def measure_folds(folder: Path, *, out: Console, misses: str | None = None) -> None:
    """Print the figures of the part to tune by its folds, its families, and misses of the folds that may be read."""
    tune = _scores(folder, ("tune",))["tune"]
    read = [score for score in tune if fold_of(score.doc_id) in FOLDS_TO_READ]
    rest = [score for score in tune if fold_of(score.doc_id) not in FOLDS_TO_READ]
    _print_parts({"folds 0 to 2": read, "folds 3 and 4": rest}, out)
    out.print(_family_table(tune))
    if misses is not None:
        _print_misses(read, misses, out)


def _scores(folder: Path, parts: Iterable[str]) -> dict[str, list[ArticleScore]]:
    texts = read_texts(folder)
    return {part: list(score_part(read_annotations(ANNOTATIONS, part), texts)) for part in parts}


def _print_parts(scores: Mapping[str, Sequence[ArticleScore]], out: Console) -> None:
    found = {part: estimates(each) for part, each in scores.items()}
    out.print(_table(found, {part: len(each) for part, each in scores.items()}))
    for part, each in scores.items():
        for table in ("quotes", "events"):
            if (ranks := calibration(each, table)) is not None:
                out.print(
                    f"confidence of {table}, {part}: calibration error {ranks.error:.1f} points, lower half right "
                    f"{ranks.halves[0]:.1f} %, upper half {ranks.halves[1]:.1f} %, {ranks.total} rows"
                )


def _print_misses(scores: Sequence[ArticleScore], topic: str, out: Console) -> None:
    for score in scores:
        for miss in score.misses[topic]:
            out.print(f"{score.doc_id}: {miss}")


def measure_agreement(out: Console) -> None:
    """Print the figures of the second coders by the first ones, and how often values are the same."""
    first, second = (read_annotations(ANNOTATIONS, name) for name in ("first", "second"))
    scores = agreement(first, second)
    out.print(_table({"second by first": estimates(scores)}, {"second by first": len(scores)}))
    for key, (same, total) in equal_values(first, second).items():
        out.print(f"{key}: the same in {same} of {total}")


def read_texts(folder: Path) -> dict[str, Json]:
    """Return the documents of a folder by ``doc_id``."""
    lines = (folder / "texts.jsonl").read_text("utf-8").splitlines()
    return {row["doc_id"]: row for row in map(json.loads, lines)}


def score_part(annotations: Mapping[str, Json], texts: Mapping[str, Json]) -> Iterator[ArticleScore]:
    """Annotate the articles of a part and score each. Raises: ValueError if a text is missing or another one."""
    for doc_id, gold in annotations.items():
        if doc_id not in texts or digest_of(texts[doc_id]["text"]) != gold["sha256"]:
            raise ValueError(f"{doc_id}: the folder has no text with the digest of its annotation")
    documents = [texts[doc_id] for doc_id in annotations]
    for document, prediction in zip(documents, predictions(documents), strict=True):
        yield score_article(annotations[document["doc_id"]], prediction, document["text"])


def predictions(documents: Iterable[Json]) -> Iterator[Json]:
    """Yield what `newslake annotate` writes for each document. Raises: ValueError for one that it cannot annotate."""
    lines = (json.dumps({key: document.get(key) for key in _INPUT}).encode() for document in documents)
    for line in annotate_lines(BytesIO(b"\n".join(lines)), settings=Settings.load(), workers=2):
        if line.result is None:
            raise ValueError(f"document {line.number}: {line.problem}")
        yield json.loads(line.result)


def _table(found: Mapping[str, Mapping[str, Estimate]], sizes: Mapping[str, int]) -> Table:
    parts = list(found)
    headings = [f"{part} ({sizes[part]} articles)" for part in parts]
    table = Table("figure", *headings, *(f"gap to {part}" for part in parts[1:]), title="percent, 95 % interval")
    for ratio in RATIOS:
        row = [found[part][ratio.name] for part in parts]
        gaps = [
            "" if row[0].percent is None or each.percent is None else f"{row[0].percent - each.percent:+.1f}"
            for each in row[1:]
        ]
        table.add_row(ratio.name, *map(_cell, row), *gaps)
    return table


def _cell(each: Estimate) -> str:
    if each.percent is None:
        return "-"
    return f"{each.percent:.1f} ({each.low:.0f} to {each.high:.0f}) of {each.total}"


def _family_table(scores: Sequence[ArticleScore]) -> Table:
    table = Table("family", "value", "right", "rows", "percent", "by fold", title="tune, families of rows")
    for family in families(scores):
        folds = " ".join(f"{right}/{count}" for right, count in family.folds)
        share = f"{100 * family.right / family.total:.0f}"
        table.add_row(family.name, family.value, str(family.right), str(family.total), share, folds)
    return table


def _log(found: Mapping[str, Estimate], size: int) -> None:
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.strip()
    figures = {name: None if each.percent is None else round(each.percent, 1) for name, each in found.items()}
    line = {"at": f"{datetime.now(UTC):%Y-%m-%d %H:%M}", "commit": commit, "articles": size, "figures": figures}
    with LOG.open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(line) + "\n")
