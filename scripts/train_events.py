"""Write the weights of the event classifier, or print how well its confidence holds.

    python -m scripts.train_events --newsroom --corpus FOLDER --articles FOLDER... --sentences FOLDER...
        --pairs FOLDER... --judgments FOLDER...
    python -m scripts.train_events --corpus FOLDER --check

Each FOLDER has ``docs.jsonl`` (doc_id, text, published_at) and ``gold.jsonl``. Gold of ``--articles`` has all events of
an article with their mentions; of ``--sentences`` all event types of a sentence; of ``--pairs`` one event of a
sentence; of ``--judgments`` spans with the types that hold there, none for no event: ``judged: [{start, end, types}]``.
Gold of ``--pairs`` and ``--articles`` may have judged spans as well; an article without ``events`` has only these, and
one with both has them for OTHER. Rows that gold says nothing about are left out. ``--half`` keeps half of each such
set, by the md5 of doc_id. ``--corpus`` is the folder with the ``texts.jsonl`` of ``corpus/tune.jsonl``, whose articles
count as ``--articles``. ``--newsroom`` adds the sample newsroom with its gold (``samples/gold``), which is part of
the repository. Its gold has only the clear events, so its rows without gold are left out.

Only one weight per feature (``nlp/events/classifier.py``) is kept, no text: the words among the features are lemmas of
the lexicon, auxiliaries and prepositions.

The model is a logistic regression with an L2 penalty. Each kind of set has an intercept of its own in training, because
its share of right rows is its own; that of ``--articles`` is kept, and the newsroom shares it: an intercept of its own
would explain all its rows, which are all right. Platt's scaling (1999) of cross-validated scores of ``--articles``
makes the probabilities calibrated. ``--update`` takes the weights that are there as a prior: the penalty is for the
distance from them, so what was learned from sets that are no longer at hand stays.
"""

import argparse
import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

from newslake.pipeline.clean import article_from_text
from newslake.pipeline.kb import load_kb
from newslake.pipeline.model import Article, Event
from newslake.pipeline.nlp import Annotator, load_model
from newslake.pipeline.nlp.languages import LANGUAGES
from newslake.pipeline.nlp.languages.logistic_regression import LogisticRegression
from newslake.pipeline.nlp.languages.plover import OTHER
from newslake.pipeline.settings import Settings
from newslake.pipeline.sources import parse_iso
from tests.quality.corpus import clean_corpus
from tests.quality.measure_events import has_trigger, has_type
from tests.quality.whole.annotations import read_annotations

CORPUS = Path("corpus")
NEWSROOM = "newsroom"
REPEATS = 4  # of the rows of the newsroom: they are few
WEIGHTS = Path("pipeline/nlp/languages/en/event_weights.json")
PENALTY = 30.0
CHANGE = 3.0  # factor of the penalties of what --update changes
PENALTIES = {"set:": 0.05, "bias": 0.05, "lemma:": 1.0, "rule:": 4.0}  # words are rare, and tell the most
SMALLEST = 0.005
LEAST = 0.4  # the lowest probability that makes a row: a reader of the tables filters by confidence
RARE = 3  # a feature seen less often gets no weight
FOLDS = 10
STEPS = 12  # of Newton's method; it converges in fewer
LEASTS = (0.0, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8)
BINS = (0.0, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.01)
LATER = {"CONSULT": "AGREE", "SUPPORT": "AGREE", "COOPERATE": "AGREE", "AID": "AGREE", "RETREAT": "CONCEDE"}
YIELD = ("CONCEDE", "RETREAT")  # one type in sets that do not distinguish them


@dataclass(frozen=True)
class Row:
    """A candidate: the features of one frame match, and whether gold has an event of its type there."""

    doc_id: str
    kind: str  # newsroom, articles, sentences, pairs or judgments
    event_type: str
    features: tuple[str, ...]
    is_right: bool


@dataclass(frozen=True, slots=True)
class Recorder(LogisticRegression):
    """A model for training: it keeps every candidate, and its features."""

    seen: list[tuple[str, ...]] = field(default_factory=list)

    def probability(self, features: Iterable[str]) -> float:
        self.seen.append(tuple(features))
        return 1.0


def half_of(doc_id: str) -> str:
    """Return the half of a document: "tune" for training, or "held" for evaluation."""
    return "held" if int(hashlib.md5(doc_id.encode()).hexdigest(), 16) % 2 else "tune"


def rows_of(folder: Path, kind: str, half: str | None) -> Iterator[Row]:
    """Yield the judged candidates of a folder's documents."""
    docs = [json.loads(line) for line in (folder / "docs.jsonl").read_text("utf-8").splitlines()]
    gold = {each["doc_id"]: each for each in map(json.loads, (folder / "gold.jsonl").read_text("utf-8").splitlines())}
    yield from judged_rows([doc for doc in docs if half in (None, half_of(doc["doc_id"]))], gold, kind)


def corpus_rows(folder: Path) -> Iterator[Row]:
    """Yield the judged candidates of the part to tune of ``corpus/``; ``folder`` has its texts."""
    texts = map(json.loads, (folder / "texts.jsonl").read_text("utf-8").splitlines())
    yield from judged_rows(texts, read_annotations(CORPUS, "tune"), "articles")


def judged_rows(given: Iterable[Mapping[str, Any]], gold: Mapping[str, Mapping[str, Any]], kind: str) -> Iterator[Row]:
    """Yield the candidates of the documents that gold has, and that it judges."""
    docs = [doc for doc in given if doc["doc_id"] in gold]
    articles = [
        article_from_text(doc["text"], title=doc.get("title"), published_at=_moment(doc), language="en") for doc in docs
    ]
    for doc, found in zip(docs, candidates(articles), strict=True):
        for event, features in found:
            is_right = _JUDGES[kind](event, gold[doc["doc_id"]])
            if is_right is not None:
                yield Row(doc["doc_id"], kind, event.event_type or "", features, is_right)


def newsroom_rows() -> Iterator[Row]:
    """Yield the candidates of the sample newsroom that its gold has; they are right."""
    cases = [(case.name, case.gold, case.got) for case in clean_corpus() if isinstance(case.got, Article)]
    for (name, gold, _), found in zip(cases, candidates([article for _, _, article in cases]), strict=True):
        for event, features in found:
            if any(has_trigger(event, wanted) and has_type(event, wanted) for wanted in gold.get("events", ())):
                yield Row(name, NEWSROOM, event.event_type or "", features, is_right=True)


def candidates(articles: Sequence[Article]) -> Iterator[list[tuple[Event, tuple[str, ...]]]]:
    """Yield, per article, all candidates as events with their features."""
    recorder = Recorder()
    english = LANGUAGES["en"]
    languages = {"en": replace(english, frames=replace(english.frames, classifier=recorder))}
    annotator = Annotator(load_model(Settings.model_fields["spacy_model"].default), kb=load_kb(None), infer_gender=True)
    with patch("newslake.pipeline.nlp.annotator.LANGUAGES", languages):  # the annotator has no parameter for them
        for article, parsed in annotator.docs(articles):
            recorder.seen.clear()
            assert parsed is not None
            yield list(zip(annotator.annotate(article, parsed).events, recorder.seen, strict=True))


def _moment(doc: Mapping[str, Any]) -> datetime | None:
    return parse_iso(doc["published_at"])[0] if doc.get("published_at") else None


def _in_article(event: Event, gold: Mapping[str, Any]) -> bool | None:
    """Return what gold's judgments say, else its events; None where it has none, or the coder listed no OTHER."""
    judged = _in_judgments(event, gold)
    if judged is not None or "events" not in gold:
        return judged
    if event.event_type == OTHER and ("judged" in gold or not any(map(_is_further_other, gold["events"]))):
        return None
    return any(
        _is_of_type(event, wanted["type"].split(":")[0])
        and any(m["start"] < event.end_char and event.start_char < m["end"] for m in wanted["mentions"])
        for wanted in gold["events"]
    )


def _is_further_other(wanted: Mapping[str, Any]) -> bool:
    return wanted["type"].startswith(OTHER) and not wanted.get("main")


def _in_sentence(event: Event, gold: Mapping[str, Any]) -> bool | None:
    """Return None for OTHER, which gold of sentences does not have."""
    if event.event_type == OTHER:
        return None
    return any(_is_of_type(event, wanted["event_type"]) for wanted in gold["gold"]["events"])


def _in_pair(event: Event, gold: Mapping[str, Any]) -> bool | None:
    """Return True for the event that gold has, else what gold's judgments say."""
    return _in_sentence(event, gold) or _in_judgments(event, gold)


def _in_judgments(event: Event, gold: Mapping[str, Any]) -> bool | None:
    """Return None for a row that nobody has judged."""
    near = [
        each for each in gold.get("judged", ()) if each["start"] < event.end_char and event.start_char < each["end"]
    ]
    return any(_is_of_type(event, wanted) for each in near for wanted in each["types"]) if near else None


def _is_of_type(event: Event, wanted: str) -> bool:
    """Return whether a row has a gold type; PLOVER codes planned cooperation as an agreement."""
    if wanted == "YIELD":
        return event.event_type in YIELD
    is_later = event.modality == "planned" and LATER.get(event.event_type or "") == wanted
    return event.event_type == wanted or is_later


_JUDGES = {"articles": _in_article, "sentences": _in_sentence, "pairs": _in_pair, "judgments": _in_judgments}


# The model.


@dataclass(frozen=True)
class Table:
    """Rows as numbers: ``matrix`` has one row per candidate and one column per name, ``prior`` their prior scores."""

    names: Sequence[str]
    matrix: np.ndarray
    prior: np.ndarray
    right: np.ndarray
    kinds: np.ndarray
    folds: np.ndarray

    @property
    def is_in_article(self) -> np.ndarray:
        """Which rows are those of ``--articles``, one truth value per row."""
        mask: np.ndarray = self.kinds == "articles"
        return mask


def table_of(rows: Sequence[Row], prior: Mapping[str, float]) -> Table:
    """Return the table of rows; ``set:`` columns are the intercepts of the kinds of sets. ``prior`` are weights."""
    kinds = ["articles" if row.kind == NEWSROOM else row.kind for row in rows]
    found = [{*row.features, f"set:{kind}"} for row, kind in zip(rows, kinds, strict=True)]
    counts = Counter(name for features in found for name in features)
    names = sorted(name for name, count in counts.items() if count >= RARE)
    column = {name: place for place, name in enumerate(names)}
    matrix = np.zeros((len(rows), len(names)))
    for place, features in enumerate(found):
        matrix[place, [column[name] for name in features if name in column]] = 1.0
    folds = [int(hashlib.md5(row.doc_id.encode()).hexdigest(), 16) // 2 % FOLDS for row in rows]
    right = np.array([row.is_right for row in rows], float)
    known = np.array([sum(prior.get(name, 0.0) for name in row.features) for row in rows])
    return Table(names, matrix, known, right, np.array([row.kind for row in rows]), np.array(folds))


def fit(matrix: np.ndarray, right: np.ndarray, penalties: np.ndarray, prior: np.ndarray) -> np.ndarray:
    """Return the weights of the columns, added to the prior scores of the rows: Newton's method, solved per row because
    rows are fewer than columns.
    """
    scaled = matrix / penalties
    kernel = scaled @ matrix.T
    shares = np.zeros(len(right))
    for _ in range(STEPS):
        scores = kernel @ shares + prior
        chance = 1 / (1 + np.exp(-scores))
        spread = np.maximum(chance * (1 - chance), 1e-9)
        target = scores - prior + (right - chance) / spread
        shares = np.linalg.solve(kernel + np.diag(1 / spread), target)
    weights: np.ndarray = scaled.T @ shares
    return weights


def penalties_of(names: Iterable[str], *, factor: float) -> np.ndarray:
    return factor * np.array(
        [next((size for start, size in PENALTIES.items() if name.startswith(start)), PENALTY) for name in names]
    )


def scores_of(table: Table, penalties: np.ndarray) -> np.ndarray:
    """Return the score of each row by weights that its document had no part in."""
    scores = np.zeros(len(table.right))
    for fold in range(FOLDS):
        inside = table.folds == fold
        weights = fit(table.matrix[~inside], table.right[~inside], penalties, table.prior[~inside])
        scores[inside] = table.prior[inside] + table.matrix[inside] @ weights
    return scores


def scale(scores: np.ndarray, right: np.ndarray) -> tuple[float, float]:
    """Return factor and shift that make scores log odds (Platt 1999), by the same regression."""
    both = np.column_stack([scores, np.ones(len(scores))])
    weights = np.array([1.0, 0.0])
    for _ in range(50):
        chance = 1 / (1 + np.exp(-both @ weights))
        curvature = (both * (chance * (1 - chance))[:, None]).T @ both
        weights += np.linalg.solve(curvature, both.T @ (right - chance))
    return float(weights[0]), float(weights[1])


def train(rows: Sequence[Row], prior: Mapping[str, float]) -> tuple[dict[str, float], np.ndarray]:
    """Return the weights, and the cross-validated probabilities of the articles' rows."""
    table = table_of(rows, prior)
    penalties = penalties_of(table.names, factor=CHANGE if prior else 1.0)
    scores, mine = scores_of(table, penalties), table.is_in_article
    factor, shift = scale(scores[mine], table.right[mine])
    changes = dict(zip(table.names, fit(table.matrix, table.right, penalties, table.prior), strict=True))
    names = {name for name in changes if not name.startswith("set:")} | prior.keys()
    kept = {name: factor * (prior.get(name, 0.0) + changes.get(name, 0.0)) for name in names}
    kept["bias"] = kept.get("bias", 0.0) + factor * changes["set:articles"] + shift
    rounded = {name: round(float(weight), 3) for name, weight in kept.items() if abs(weight) >= SMALLEST}
    return rounded, 1 / (1 + np.exp(-(factor * scores[mine] + shift)))


def probabilities(rows: Sequence[Row], weights: Mapping[str, float]) -> np.ndarray:
    classifier = LogisticRegression(weights)
    return np.array([classifier.probability(row.features) for row in rows])


def print_reliability(chances: np.ndarray, right: np.ndarray) -> None:
    """Print per bin of the probability how many rows it has, their mean probability and the share that is right."""
    print("| confidence | rows | mean | right |\n|---|---|---|---|")
    for low, high in pairwise(BINS):
        inside = (chances >= low) & (chances < high)
        if inside.any():
            mean, share = 100 * chances[inside].mean(), 100 * right[inside].mean()
            print(f"| {low:.1f} to {min(high, 1):.1f} | {inside.sum()} | {mean:.0f} | {share:.0f} |")
    error = np.mean((chances - right) ** 2)
    print(f"\nBrier score {error:.3f}; with the mean for every row {np.mean((right.mean() - right) ** 2):.3f}")
    print("\n| at least | rows kept | right | of the right rows |\n|---|---|---|---|")
    for least in LEASTS:
        inside = chances >= least
        if inside.any():
            kept = f"{100 * right[inside].mean():.0f} | {100 * right[inside].sum() / right.sum():.0f}"
            print(f"| {least} | {100 * inside.mean():.0f} | {kept} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for kind in _JUDGES:
        parser.add_argument(f"--{kind}", nargs="*", type=Path, default=[])
    parser.add_argument("--corpus", type=Path, metavar="FOLDER", help="train on the part to tune of corpus/")
    parser.add_argument("--newsroom", action="store_true", help="train on the sample newsroom too")
    parser.add_argument("--half", choices=("tune", "held"))
    parser.add_argument("--update", action="store_true", help="change the weights that are there as little as needed")
    parser.add_argument("--check", action="store_true", help="print the reliability of the weights that are there")
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    given = parser.parse_args()
    rows = [row for kind in _JUDGES for folder in getattr(given, kind) for row in rows_of(folder, kind, given.half)]
    rows.extend(corpus_rows(given.corpus) if given.corpus else ())
    rows.extend(REPEATS * list(newsroom_rows()) if given.newsroom else ())
    judged = [row for row in rows if row.kind == "articles"]
    if not judged:
        parser.error("--corpus or --articles is missing: probabilities are calibrated on coded articles")
    right = np.array([row.is_right for row in judged], float)
    is_plover = np.array([row.event_type != OTHER for row in judged])
    if given.check:
        chances = probabilities(judged, json.loads(given.out.read_text("utf-8"))["weights"])
    else:
        prior = json.loads(given.out.read_text("utf-8"))["weights"] if given.update else {}
        weights, chances = train(rows, prior)
        given.out.write_text(json.dumps({"least": LEAST, "weights": weights}, indent=1, sort_keys=True) + "\n", "utf-8")
    for title, inside in (("All rows", right >= 0), ("Without OTHER", is_plover), ("Only OTHER", ~is_plover)):
        if inside.any():
            print(f"\n{title}:\n")
            print_reliability(chances[inside], right[inside])


if __name__ == "__main__":
    main()
