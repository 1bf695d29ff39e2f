"""The summary under the headline, where the page shows one."""

from collections.abc import Sequence

from pipeline.clean.about import read_description
from pipeline.clean.headline import fold_title
from pipeline.clean.markup import Markup
from pipeline.clean.pieces import Piece
from pipeline.clean.tree import text_of

_NAMES = ("standfirst", "dek", "subtitle", "summary", "intro", "excerpt", "description", "lead", "ubhead", "ub-head")
_NAMED = "//body//*[self::p or self::div or self::h2 or self::h3 or self::span][{}]".format(
    " or ".join(f"contains(@class, '{name}') or contains(@data-testid, '{name}')" for name in _NAMES)
)
_SHOWING = (
    "//body//*[self::p or self::h2 or self::h3 or self::div or self::span]"
    "[starts-with(normalize-space(text()), $start)]"
)
_START = 12
_MIN_WORDS, _MAX_WORDS = 5, 80
_NEAR = 3  # a standfirst is among the first pieces of a body


def with_standfirst(pieces: Sequence[Piece], markup: Markup, *, title: str | None) -> tuple[Piece, ...]:
    """Return the pieces with the page's standfirst marked as one, set in front where the body lacks it.

    The markup's description tells which element it is; a lead paragraph that repeats it stays a paragraph.
    """
    text = _shown_standfirst(markup)
    folded = fold_title(text or "")
    if text is None or folded == fold_title(title or ""):
        return tuple(pieces)
    near = [fold_title(piece.text) for piece in pieces[: _NEAR * 2]]
    if folded in near[:_NEAR] or any(line.startswith(folded) for line in near):  # the lead itself, or its teaser
        return tuple(pieces)
    return (Piece("standfirst", text), *pieces)


def _shown_standfirst(markup: Markup) -> str | None:
    """Return the text of the element that shows the description: named as a standfirst, or alike to the last word."""
    described = fold_title(read_description(markup))
    if not _MIN_WORDS <= len(described.split()) <= _MAX_WORDS:
        return None
    for element in markup.root.xpath(_NAMED)[:40]:
        text = text_of(element)
        if len(text.split()) <= _MAX_WORDS and fold_title(text)[:40] == described[:40]:
            return text
    for element in markup.root.xpath(_SHOWING, start=read_description(markup)[:_START]):
        if fold_title(text_of(element)) == described:
            return text_of(element)
    return None
