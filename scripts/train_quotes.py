"""Write the weights of the confidence of quotes, or print how well it holds: `python -m scripts.train_quotes FOLDER`.

FOLDER has the ``texts.jsonl`` of ``corpus/tune.jsonl``; the sample newsroom is added (``samples/gold``). Only quotes
that gold has count: one is right if gold has it with this speaker. Only a weight by feature
(``nlp/quotes/confidence.py``) is kept, no text: the words among the features are lemmas of cues and pronouns. The model
is that of ``scripts/train_events.py``. ``--check`` prints the same tables for the weights that are there. Train again
whenever attribution, coreference or the cues change.
"""

import argparse
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

from newslake.pipeline.clean import article_from_text
from newslake.pipeline.kb import load_kb
from newslake.pipeline.model import Article
from newslake.pipeline.nlp import Annotator, load_model
from newslake.pipeline.nlp.languages import LANGUAGES
from newslake.pipeline.settings import Settings
from newslake.pipeline.show.json_objects import annotation_object
from scripts.train_events import CORPUS, NEWSROOM, Recorder, Row, print_reliability, probabilities, train
from tests.quality.corpus import Case, clean_corpus
from tests.quality.measure_quotes import gold_spans
from tests.quality.whole.annotations import read_annotations
from tests.quality.whole.measure import read_texts
from tests.quality.whole.scores import match_quotes, score_article

WEIGHTS = Path("pipeline/nlp/languages/en/quote_weights.json")
LEAST = 0.6  # a speaker who is less likely right is not believed


Gold = Mapping[str, Any]


def corpus_rows(folder: Path) -> Iterator[Row]:
    """Yield the quotes of the articles to tune, with their most likely speakers."""
    gold, texts = read_annotations(CORPUS, "tune"), read_texts(folder)
    articles = [article_from_text(texts[each]["text"], title=texts[each].get("title"), language="en") for each in gold]
    yield from rows_of(zip(articles, gold.values(), strict=True), "articles")


def newsroom_rows() -> Iterator[Row]:
    """Yield the quotes of the sample newsroom, whose gold is part of the repository."""
    cases = [(case.got, _newsroom_gold(case)) for case in clean_corpus() if "quotes" in case.gold]
    yield from rows_of(((article, gold) for article, gold in cases if isinstance(article, Article)), NEWSROOM)


def _newsroom_gold(case: Case) -> Gold:
    spans = zip(case.gold["quotes"], gold_spans(case), strict=True)
    quotes = [
        {
            "start": start,
            "end": end,
            "type": each["type"],
            "speaker": each["speaker_name"],
            "kind": each["speaker_kind"],
        }
        for each, (start, end) in spans
    ]
    return {"doc_id": case.name, "persons": (), "quotes": quotes, "events": ()}


def rows_of(judged: Iterable[tuple[Article, Gold]], kind: str) -> Iterator[Row]:
    """Yield the quotes of articles that gold has; a second piece of one statement is not judged."""
    recorder = Recorder()
    english = LANGUAGES["en"]
    languages = {"en": replace(english, cues=replace(english.cues, classifier=recorder))}
    annotator = Annotator(load_model(Settings.model_fields["spacy_model"].default), kb=load_kb(None), infer_gender=True)
    articles, golds = zip(*judged, strict=True)
    with patch("newslake.pipeline.nlp.annotator.LANGUAGES", languages):  # the annotator has no parameter for them
        for gold, (article, parsed) in zip(golds, annotator.docs(articles), strict=True):
            recorder.seen.clear()
            assert parsed is not None
            found = annotation_object(gold["doc_id"], article, annotator.annotate(article, parsed))
            matched, _ = match_quotes(gold["quotes"], found["quotes"])
            scored = [each for each in score_article(gold, found, article.text).judged if each.table == "quotes"]
            is_right = {each.row["start"]: each.is_right for each in scored}
            for place in sorted(matched.values()):
                quote = found["quotes"][place]
                yield Row(gold["doc_id"], kind, quote["type"], recorder.seen[place], is_right[quote["start"]])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--check", action="store_true", help="print the reliability of the weights that are there")
    given = parser.parse_args()
    judged = list(corpus_rows(given.folder))
    right = np.array([row.is_right for row in judged], float)
    if given.check:
        chances = probabilities(judged, json.loads(WEIGHTS.read_text("utf-8"))["weights"])
    else:
        weights, chances = train([*judged, *newsroom_rows()], {})
        WEIGHTS.write_text(json.dumps({"least": LEAST, "weights": weights}, indent=1, sort_keys=True) + "\n", "utf-8")
    print_reliability(chances, right)
    middle = np.argsort(chances, kind="stable")
    halves = [100 * right[half].mean() for half in np.array_split(middle, 2)]
    print(f"\nlower half right {halves[0]:.1f} %, upper half {halves[1]:.1f} %")


if __name__ == "__main__":
    main()
