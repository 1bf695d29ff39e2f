"""`make quality`: print each figure with its floor.

`python -m tests.quality --misses` also lists every miss; `--floors` instead prints the floors.json for the current
figures.
"""

import sys

from rich.console import Console
from rich.table import Table

from newslake.pipeline.nlp import load_model
from newslake.pipeline.settings import Settings
from tests.quality.corpus import corpus_digest, read_corpus
from tests.quality.figures import Figures
from tests.quality.floors import floors_of, read_floors
from tests.quality.measure import measure


def main() -> None:
    """Print the floors, or the table, followed by every miss with --misses."""
    figures = measure(read_corpus(load_model(Settings.model_fields["spacy_model"].default)))
    out = Console(highlight=False, markup=False, soft_wrap=True)
    if "--floors" in sys.argv[1:]:
        out.print(floors_of(figures, corpus_digest()))
        return
    out.print(_table(figures))
    if "--misses" in sys.argv[1:]:
        for name, figure in figures.items():
            for miss in figure.misses:
                out.print(f"{name}: {miss}")


def _table(figures: Figures) -> Table:
    floors = read_floors()["percent"]
    table = Table("figure", "right", "of", "percent", "floor", title=f"sample newsroom, corpus {corpus_digest()}")
    for name, figure in figures.items():
        right = f"{round(figure.right, 1):g}"
        table.add_row(name, right, str(figure.total), f"{figure.percent:.1f}", str(floors.get(name)))
    return table


if __name__ == "__main__":
    main()
