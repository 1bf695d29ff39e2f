"""Write the weights of pronoun features: `python scripts/train_pronouns.py FOLDER... [--half tune|held]`.

Each FOLDER has ``docs.jsonl`` (doc_id, text) and ``gold.jsonl`` (mentions with clusters, or one pronoun with two
candidate names). Only one weight per feature (``nlp/coref/pronoun_features.py``) is kept, no text. The model is a
softmax over the readings of each pronoun. The mentions before a pronoun depend on the weights, so annotation and
training are repeated a few times.

`--speakers FOLDER` writes only the weights of "he said": from the speakers of the quotes in ``corpus/tune.jsonl``, with
their texts in FOLDER (``tests/quality/whole``). They start from the weights of other persons, which few examples move.
Run it after a change of those.
"""

import argparse
import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from newslake.pipeline.clean import article_from_text
from newslake.pipeline.kb import KnowledgeBase, load_kb
from newslake.pipeline.nlp import Annotator, load_model
from newslake.pipeline.nlp.coref.name_clusters import Cluster
from newslake.pipeline.nlp.coref.pronoun_features import Option, score_of
from newslake.pipeline.nlp.coref.resolver import Coreference, resolve_coreference
from newslake.pipeline.nlp.entities.extraction import find_entities
from newslake.pipeline.nlp.languages import LANGUAGES
from newslake.pipeline.nlp.quotes.extraction import extract_quotes
from newslake.pipeline.nlp.quotes.quotation_marks import QuotedText, quoted_text, scan_marks
from newslake.pipeline.nlp.tokens import Tokens, gather_tokens
from newslake.pipeline.settings import Settings
from tests.quality.whole.annotations import read_annotations
from tests.quality.whole.measure import ANNOTATIONS, read_texts
from tests.quality.whole.scores import is_same_name

ROUNDS = 4
STEPS = 400
PENALTY = 16.0
SPEAKER_ROUNDS, SPEAKER_PENALTY = 3, 4.0  # the penalty is on the distance from the weights of other persons
LESS_NOBODY = {"person": 1.5, "thing": 0.6}  # news names its people more often than the training articles do
# The subject of the sentence before goes before a biography's main person, who leads the training articles.
MORE_SUBJECT = 0.5
# The training articles name women in full more often than men. A surname alone shows no gender, and is no evidence
# against "he", as an unknown forename is; what is no person for certain is less likely one in news.
MORE_SURNAME = 0.5
LESS_GUESS = 0.25
RARE = 5  # a feature seen less often gets no weight
WEIGHTS = Path("pipeline/nlp/languages/en/pronoun_weights.json")

Weights = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class Sample:
    """A parsed article and its gold annotation."""

    tokens: Tokens
    quoted: QuotedText
    gold: Mapping[str, object]


@dataclass(frozen=True)
class Choice:
    """The readings of one pronoun, and which of them are correct."""

    kind: str
    options: tuple[Option, ...]
    right: tuple[bool, ...]


def half_of(doc_id: str) -> str:
    """Return the half of a document: "tune" for training, or "held" for evaluation."""
    return "held" if int(hashlib.md5(doc_id.encode()).hexdigest(), 16) % 2 else "tune"


def samples(folder: Path, half: str | None) -> Iterator[Sample]:
    docs = [json.loads(line) for line in (folder / "docs.jsonl").read_text("utf-8").splitlines()]
    gold = {each["doc_id"]: each for each in map(json.loads, (folder / "gold.jsonl").read_text("utf-8").splitlines())}
    yield from parsed_samples([doc for doc in docs if half in (None, half_of(doc["doc_id"]))], gold)


def parsed_samples(docs: list[Mapping[str, str]], gold: Mapping[str, Mapping[str, object]]) -> Iterator[Sample]:
    annotator = Annotator(load_model(Settings.model_fields["spacy_model"].default), kb=load_kb(None))
    articles = [article_from_text(d["text"], title=None, published_at=None, language="en") for d in docs]
    for doc, (article, parsed) in zip(docs, annotator.docs(articles), strict=True):
        assert parsed is not None
        assert article.text == doc["text"]
        tokens = gather_tokens(parsed, article)
        marks = scan_marks(article.text, tokens.blocks, LANGUAGES["en"].cues)
        yield Sample(tokens, quoted_text(tokens, marks), gold[doc["doc_id"]])


def choices(sample: Sample, weights: Weights, kb: KnowledgeBase) -> Iterator[Choice]:
    data = replace(LANGUAGES["en"].names, pronoun_weights=weights)
    reading = resolve_coreference(sample.tokens, sample.quoted.inside, data, kb)
    label = _candidates_label if "candidates" in sample.gold else _clusters_label
    wanted = label(sample, reading)
    for pronoun in reading.pronouns:
        right = wanted.get(sample.tokens.start[pronoun.token])
        if right is None or len(pronoun.options) < 2:
            continue
        flags = tuple(option.cluster in right for option in pronoun.options)
        if not any(flags):
            flags = tuple(option.cluster is None for option in pronoun.options)
        yield Choice(pronoun.pronoun.kind, pronoun.options, flags)


def speaker_choices(sample: Sample, weights: Weights, kb: KnowledgeBase) -> Iterator[Choice]:
    """Yield the readings of each "he" or "she" whose quote has a speaker in gold, unless the speaker is no reading."""
    data = replace(LANGUAGES["en"].names, pronoun_weights=weights)
    reading = resolve_coreference(sample.tokens, sample.quoted.inside, data, kb)
    speakers = _speakers_in_gold(sample, kb)
    for pronoun in reading.pronouns:
        speaker = speakers.get(pronoun.token)
        if speaker is None or not pronoun.is_speaking:
            continue
        clusters = enumerate(reading.chains.clusters)
        right = {i for i, cluster in clusters if speaker["kind"] == "person" and _is_named(cluster, speaker["speaker"])}
        flags = tuple(option.cluster in (right or {None}) for option in pronoun.options)
        if any(flags):
            yield Choice("speaking", pronoun.options, flags)


def _speakers_in_gold(sample: Sample, kb: KnowledgeBase) -> dict[int, Mapping[str, str]]:
    """Return the first gold quote, if it has a speaker, by the pronoun that speaks in the row for it."""
    tokens, found = sample.tokens, {}
    entities = find_entities(tokens, sample.quoted, LANGUAGES["en"].names, kb, infer_gender=True)
    for row in extract_quotes(tokens, sample.quoted, entities, LANGUAGES["en"]):
        if (row.speaker_text or "").lower() not in ("he", "she"):
            continue
        shared = [(min(q["end"], row.end_char) - max(q["start"], row.start_char), q) for q in sample.gold["quotes"]]
        most, quote = max(shared, key=lambda each: each[0], default=(0, None))
        if (
            quote is not None
            and quote["speaker"]
            and 2 * most >= min(len(row.quote_text), quote["end"] - quote["start"])
        ):
            found.setdefault(tokens.at(row.speaker_start_char), quote)
    return found


def _is_named(cluster: Cluster, speaker: str) -> bool:
    return cluster.entity_type in ("PERSON", "ORG", "GPE") and any(
        is_same_name(part, form) for part in speaker.split(" and ") for form in cluster.full_forms
    )


def _overlapping(sample: Sample, reading: Coreference, start: int, end: int) -> set[int | None]:
    """Return the clusters of the names that overlap a span."""
    tokens = sample.tokens
    return {
        link.cluster
        for name, link in zip(reading.names, reading.chains.links, strict=True)
        if tokens.start[name.first] < end and start < tokens.end[name.last]
    }


def _candidates_label(sample: Sample, reading: Coreference) -> dict[int, set[int | None]]:
    """Return the correct clusters of the one pronoun; if neither name is correct, all other clusters."""
    pronoun = sample.gold["mentions"][0]
    found = {True: set(), False: set()}
    for candidate in sample.gold["candidates"]:
        found[candidate["coref"]] |= _overlapping(sample, reading, *candidate["span"])
    right = found[True] - {None}
    if not any(candidate["coref"] for candidate in sample.gold["candidates"]):
        right = {None, *range(len(reading.chains.clusters))} - found[False]
    return {pronoun["start"]: right} if right else {}


def _clusters_label(sample: Sample, reading: Coreference) -> dict[int, set[int | None]]:
    """Return the correct clusters of each pronoun: those with a majority of names of its entity; else no cluster."""
    heads = {m["head"][0]: m["cluster"] for m in sample.gold["mentions"] if m["kind"] == "name"}
    votes: defaultdict[int | None, Counter[object]] = defaultdict(Counter)
    for name, link in zip(reading.names, reading.chains.links, strict=True):
        inside = [
            heads[sample.tokens.start[i]] for i in range(name.first, name.last + 1) if sample.tokens.start[i] in heads
        ]
        votes[link.cluster].update(inside[:1])
    of_gold: defaultdict[object, set[int | None]] = defaultdict(set)
    for cluster, count in votes.items():
        if count and cluster is not None:
            of_gold[count.most_common(1)[0][0]].add(cluster)
    pronouns = (m for m in sample.gold["mentions"] if m["kind"] == "pron")
    return {m["start"]: of_gold.get(m["cluster"], set()) or {None} for m in pronouns}


def fit_weights(found: Iterable[Choice], penalty: float, start: Mapping[str, float] | None = None) -> dict[str, float]:
    """Return the weights of one kind of pronoun: softmax over readings with an L2 penalty, trained with Adam.

    With ``start``, the penalty is on the distance from these weights.
    """
    rows = list(found)
    counts = Counter(f for choice in rows for option in choice.options for f in option.features)
    names = ["prominence", *sorted(name for name, count in counts.items() if count >= RARE)]
    index = {name: i for i, name in enumerate(names)}
    if not rows:
        return {}
    options = [option for choice in rows for option in choice.options]
    matrix = np.zeros((len(options), len(index)))
    for row, option in enumerate(options):
        matrix[row, [index[name] for name in option.features if name in index]] = 1.0
        matrix[row, 0] = option.prominence
    group = np.repeat(np.arange(len(rows)), [len(choice.options) for choice in rows])
    right = np.array([flag for choice in rows for flag in choice.right])
    known = start or {}
    offsets = np.array([score_of(option, known) for option in options])
    weights = dict(zip(names, _adam(matrix, offsets, (group, right), penalty), strict=True))
    whole = {name: known.get(name, 0.0) + float(weights.get(name, 0.0)) for name in {**known, **weights}}
    return {name: round(weight, 3) for name, weight in whole.items() if abs(weight) >= 0.001}


def _adam(matrix, offsets, labels, penalty: float):
    group, right = labels
    size = matrix.shape[1]
    weights, first, second = np.zeros(size), np.zeros(size), np.zeros(size)
    strength = np.full(size, penalty)
    strength[0] = 0.0  # no penalty for prominence
    for step in range(1, STEPS + 1):
        score = matrix @ weights + offsets
        score = np.exp(score - score.max())
        share = score / np.bincount(group, score)[group]
        good = score * right
        wanted = good / np.bincount(group, good)[group]
        gradient = matrix.T @ (wanted - share) - strength * weights
        first, second = 0.9 * first + 0.1 * gradient, 0.99 * second + 0.01 * gradient**2
        weights += 0.05 * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.99**step)) + 1e-8)
    return weights


def train(read: list[Sample], penalty: float = PENALTY) -> Weights:
    kb = load_kb(None)
    weights: dict[str, dict[str, float]] = {"person": {}, "thing": {}, "group": {}}
    found: list[Choice] = []
    for _ in range(ROUNDS):
        found += [choice for sample in read for choice in choices(sample, weights, kb)]
        weights = {kind: fit_weights((c for c in found if c.kind == kind), penalty) for kind in weights}
        for kind, less in LESS_NOBODY.items():
            weights[kind]["none"] = round(weights[kind].get("none", 0.0) - less, 3)
        weights["person"]["named_subject_before"] = MORE_SUBJECT
        unknown, guess = (weights["person"].get(name, 0.0) for name in ("gender:unknown", "type:guess"))
        weights["person"]["gender:surname"] = round(unknown + MORE_SURNAME, 3)
        weights["person"]["type:guess"] = round(guess - LESS_GUESS, 3)
    return weights


def train_speakers(folder: Path, weights: Weights) -> Weights:
    """Return the weights with those of pronouns that speak."""
    kb = load_kb(None)
    gold, texts = read_annotations(ANNOTATIONS, "tune"), read_texts(folder)
    read = list(parsed_samples([texts[doc_id] for doc_id in gold], gold))
    others = {kind: each for kind, each in weights.items() if kind != "speaking"}
    weights = others
    found: list[Choice] = []
    for _ in range(SPEAKER_ROUNDS):
        found += [choice for sample in read for choice in speaker_choices(sample, weights, kb)]
        weights = {**others, "speaking": fit_weights(found, SPEAKER_PENALTY, others["person"])}
    return weights


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--speakers", type=Path, metavar="FOLDER")
    parser.add_argument("--half", choices=("tune", "held"))
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    arguments = parser.parse_args()
    if arguments.speakers is not None:
        weights = train_speakers(arguments.speakers, LANGUAGES["en"].names.pronoun_weights)
    else:
        weights = train([sample for folder in arguments.folders for sample in samples(folder, arguments.half)])
    arguments.out.write_text(json.dumps(weights, indent=1, sort_keys=True) + "\n", "utf-8")


if __name__ == "__main__":
    main()
