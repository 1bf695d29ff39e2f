"""The share of invented sentences whose times are all read right: words, type, value, first and last day.

Usage: python -m tests.quality.measure_times [--misses], which names the misses of ``tuned``

``times/believed.jsonl`` was written before the rules had seen its sentences, and no rule is made for it: leave its
misses unread. ``times/tuned.jsonl`` may be read while rules are written. A row is {text, published, times}, each time
{text, type, value, first, last}. A sentence with a missing, wrong or superfluous time is wrong.
"""

import json
import sys
from datetime import date
from pathlib import Path

from rich.console import Console
from spacy.language import Language

from newslake.pipeline.kb import load_kb
from newslake.pipeline.nlp import Annotator, load_model
from newslake.pipeline.settings import Settings
from tests.quality.figures import Figure, Figures
from tests.unit.nlp.events_case import article_of

_FOLDER = Path(__file__).parent / "times"
SETS = ("believed", "tuned")
Row = tuple[str, str, str | None, str | None, str | None]


def measure_times(nlp: Language) -> Figures:
    """Return the figure of each set, with every wrong sentence."""
    annotator = Annotator(nlp, kb=load_kb(None))
    figures = {name: Figure() for name in SETS}
    for name in SETS:
        for line in (_FOLDER / f"{name}.jsonl").read_text().splitlines():
            given = json.loads(line)
            wanted: list[Row] = [tuple(time.values()) for time in given["times"]]
            found = _read_times(annotator, given["text"], date.fromisoformat(given["published"]))
            figures[name].count(found == wanted, f"{given['text']} ({given['published']}): {found}, gold {wanted}")
    return figures


def _read_times(annotator: Annotator, text: str, published: date) -> list[Row]:
    """Return words, type, value, first and last day of each time in a text."""
    ((article, doc),) = annotator.docs([article_of(text, published=published)])
    assert not isinstance(doc, Exception)
    assert doc is not None
    return [
        (t.timex_text, t.timex_type, t.value, t.first_day and str(t.first_day), t.last_day and str(t.last_day))
        for t in annotator.annotate(article, doc).times
    ]


def main() -> None:
    """Print the share of right sentences of each set; with --misses the wrong ones of ``tuned``."""
    out = Console(highlight=False, markup=False, soft_wrap=True)
    for name, figure in measure_times(load_model(Settings.model_fields["spacy_model"].default)).items():
        out.print(f"time sentences, {name}: {figure.right:g} of {figure.total}, {figure.percent:.1f} %")
        if name == "tuned" and "--misses" in sys.argv[1:]:
            for miss in figure.misses:
                out.print(f"  {miss}")


if __name__ == "__main__":
    main()
