"""A stretch of an article before it has a place in the text."""

from dataclasses import dataclass

from pipeline.model.article import BlockKind


@dataclass(frozen=True, slots=True)
class Piece:
    """Tidy text, never empty, no line break in it."""

    kind: BlockKind
    text: str

    @property
    def word_count(self) -> int:
        return len(self.text.split())
