"""`make quality`: print each figure with its floor.

`python -m tests.quality --misses` also lists every miss; `--floors` instead prints the floors.json for the current
figures. `--corpus FOLDER` instead measures whole articles (tests/quality/whole/measure.py), `--agreement` the coders.
"""

import argparse
from pathlib import Path

from rich.console import Console
from rich.table import Table

from newslake.pipeline.nlp import load_model
from newslake.pipeline.settings import Settings
from tests.quality.corpus import corpus_digest, read_corpus
from tests.quality.figures import Figures
from tests.quality.floors import floors_of, read_floors
from tests.quality.measure import measure
from tests.quality.whole.measure import measure_agreement, measure_corpus, measure_folds
from tests.quality.whole.scores import MISS_TOPICS


def main() -> None:
    """Print the floors, or the table, followed by every miss with --misses; or the measure on whole articles."""
    options = _options()
    out = Console(highlight=False, markup=False, soft_wrap=True)
    if options.corpus is not None and options.folds:
        measure_folds(options.corpus, out=out, misses=options.misses)
        return
    if options.corpus is not None:
        measure_corpus(options.corpus, is_sealed=options.sealed, out=out, misses=options.misses)
        return
    if options.agreement:
        measure_agreement(out)
        return
    figures = measure(read_corpus(load_model(Settings.model_fields["spacy_model"].default)))
    if options.floors:
        out.print(floors_of(figures, corpus_digest()))
        return
    out.print(_table(figures))
    if options.misses is not None:
        for name, figure in figures.items():
            for miss in figure.misses:
                out.print(f"{name}: {miss}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.quality", description=__doc__)
    parser.add_argument("--floors", action="store_true", help="print the floors.json for the current figures")
    parser.add_argument("--corpus", type=Path, metavar="FOLDER", help="a folder with the texts.jsonl of whole articles")
    parser.add_argument("--folds", action="store_true", help="of --corpus: the part to tune alone, by its folds")
    parser.add_argument("--agreement", action="store_true", help="print how far two coders agree")
    parser.add_argument(
        "--sealed", action="store_true", help="also score the sealed part; once, at the end of an issue"
    )
    parser.add_argument(
        "--misses",
        nargs="?",
        const="",
        choices=["", *MISS_TOPICS],
        help="list every miss, or of one topic of the corpus",
    )
    return parser.parse_args()


def _table(figures: Figures) -> Table:
    floors = read_floors()["percent"]
    table = Table("figure", "right", "of", "percent", "floor", title=f"sample newsroom, corpus {corpus_digest()}")
    for name, figure in figures.items():
        right = f"{round(figure.right, 1):g}"
        table.add_row(name, right, str(figure.total), f"{figure.percent:.1f}", str(floors.get(name)))
    return table


if __name__ == "__main__":
    main()
