"""What a person may put right, beside what it concerns: the exact lines for ``overrides.toml``."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipeline.model.corrections import (
    name_lines,
    name_to_correct,
    no_quote_lines,
    place_of_article,
    place_of_quote,
    speaker_lines,
)
from pipeline.tables.spec import Row

_SOMEBODY, _ITEM = "Full Name", "Q0"


@dataclass(frozen=True, slots=True)
class Correction:
    """``lines`` correct what ``description`` says; a person replaces the example of a name or an item in them."""

    description: str
    lines: str


def quote_corrections(article: Row, quotes: Sequence[Row]) -> tuple[tuple[Correction, ...], ...]:
    """Return the corrections of each quotation, in the order of the rows, all of the article."""
    where = place_of_article(article["article_id"], article["url"])
    texts = [row["quote_text"] for row in quotes]
    return tuple(_quote_correction(article["text"], row, texts, at, where) for at, row in enumerate(quotes))


def _quote_correction(text: str, row: Row, texts: Sequence[str], at: int, where: str) -> tuple[Correction, ...]:
    marked = next((text[part["start_char"] : part["end_char"]] for part in row["parts"]), "")
    place = place_of_quote(texts, at, marked=marked)
    if place is None:
        return ()
    return (
        Correction(
            'Somebody else said it ("" for nobody named)', speaker_lines(place, article=where, speaker=_SOMEBODY)
        ),
        Correction("It is no quotation", no_quote_lines(place, article=where)),
    )


def name_corrections(article: Row, name: str | None, mentions: Iterable[str]) -> tuple[Correction, ...]:
    """Return the corrections of one entity; ``mentions`` are the texts of its mentions by name."""
    found = name_to_correct(name, mentions)
    if found is None:
        return ()
    where = place_of_article(article["article_id"], article["url"])
    return (Correction('It is another item of Wikidata ("" for none)', name_lines(found, article=where, qid=_ITEM)),)
