"""A stretch of an article before it has a place in the text."""

from dataclasses import dataclass, field

from pipeline.model.article import BlockKind


@dataclass(frozen=True, slots=True)
class TextPiece:
    """Tidy text, never empty, no line break in it."""

    kind: BlockKind
    text: str
    word_count: int = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "word_count", len(self.text.split()))
