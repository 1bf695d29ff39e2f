"""`python -m tests.syndication`: precision and recall of quote and event clusters on the syndication set."""

from rich.console import Console

from newslake.pipeline.nlp import load_model
from newslake.pipeline.settings import Settings
from tests.syndication.measure import measure, syndicated

out = Console(highlight=False)


def main() -> None:
    """Print precision and recall by pairs."""
    read = syndicated(load_model(Settings.model_fields["spacy_model"].default))
    out.print(f"{len(read)} articles, {len({each.printed.story for each in read})} stories")
    for name, pairs in measure(read).items():
        out.print(
            f"{name}: precision {pairs.precision:.3f}, recall {pairs.recall:.3f} "
            f"({pairs.right} right of {pairs.found} pairs found, {pairs.true} true)"
        )


if __name__ == "__main__":
    main()
