"""Count how often each quote rule is correct: `python scripts/count_quote_rules.py GOLD > FILE`.

FILE is pipeline/nlp/quotes/quote_rules.json. GOLD has one article per line, offsets in code points:
`{doc_id, text, quotes: [{spans, speaker_start, speaker_end, speaker_text}]}`.
Half of the articles (even hash of doc_id) are counted, so that the other half can test the confidence. The result has
only counts, no text of the articles.
"""

import json
import sys
from collections import defaultdict
from collections.abc import Iterator
from hashlib import md5
from pathlib import Path
from typing import Any

from newslake.pipeline.clean import article_from_text
from newslake.pipeline.kb import load_kb
from newslake.pipeline.model import Quote
from newslake.pipeline.nlp import Annotator, load_model
from newslake.pipeline.settings import Settings

Gold = dict[str, Any]


def main() -> None:
    """Print the counts as JSON."""
    annotator = Annotator(load_model(Settings.model_fields["spacy_model"].default), kb=load_kb(None))
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for line in Path(sys.argv[1]).read_text("utf-8").splitlines():
        case = json.loads(line)
        if int(md5(case["doc_id"].encode(), usedforsecurity=False).hexdigest(), 16) % 2:
            continue
        for quote in _quotes(annotator, case["text"]):
            is_right = any(_same(quote, wanted) for wanted in case["quotes"])
            for rule in ("", quote.rule_id):
                counts[rule][0] += is_right
                counts[rule][1] += 1
    rows = (f" {json.dumps(rule)}: {json.dumps(found)}" for rule, found in sorted(counts.items()))
    sys.stdout.write("{\n" + ",\n".join(rows) + "\n}\n")


def _quotes(annotator: Annotator, text: str) -> Iterator[Quote]:
    for article, doc in annotator.docs([article_from_text(text, language="en")]):
        if doc is not None:
            yield from annotator.annotate(article, doc).quotes


def _same(quote: Quote, wanted: Gold) -> bool:
    """Return whether a quote shares at least a third of its characters with a gold quote, and its speaker."""
    shared = sum(max(0, min(quote.end_char, end) - max(quote.start_char, start)) for start, end in wanted["spans"])
    size = max(quote.end_char - quote.start_char, sum(end - start for start, end in wanted["spans"]))
    return 3 * shared >= size and _is_speaker(quote, wanted)


def _is_speaker(quote: Quote, wanted: Gold) -> bool:
    """Return whether the mentions overlap, or the last name of one is in the other."""
    start, end = quote.speaker_start_char, quote.speaker_end_char
    if start is None or end is None or wanted["speaker_start"] is None:
        return False
    names = (quote.speaker_name or "").split()
    overlaps = start < wanted["speaker_end"] and wanted["speaker_start"] < end
    return overlaps or (bool(names) and names[-1] in wanted["speaker_text"].split())


if __name__ == "__main__":
    main()
