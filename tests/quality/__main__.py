"""`make quality`: print each figure beside its floor; `python -m tests.quality --misses` says what is not right."""

import sys

from rich.console import Console
from rich.table import Table

from pipeline.nlp import load_model
from pipeline.settings import Settings
from tests.quality.corpus import corpus_digest, read_corpus
from tests.quality.floors import read_floors
from tests.quality.measure import measure


def main() -> None:
    """Print the table, and with --misses every miss below it."""
    figures = measure(read_corpus(load_model(Settings.model_fields["spacy_model"].default)))
    floors = read_floors()
    table = Table("figure", "right", "of", "percent", "floor", title=f"sample newsroom, corpus {corpus_digest()}")
    for name, figure in figures.items():
        floor = floors["percent"].get(name)
        table.add_row(name, str(figure.right), str(figure.total), f"{figure.percent:.1f}", str(floor))
    out = Console(highlight=False, markup=False, soft_wrap=True)
    out.print(table)
    if "--misses" in sys.argv[1:]:
        for name, figure in figures.items():
            for miss in figure.misses:
                out.print(f"{name}: {miss}")


if __name__ == "__main__":
    main()
