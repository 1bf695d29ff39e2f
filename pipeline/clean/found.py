"""A value with the place where it was found."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ExtractedField:
    """A text, None where nothing says it, and the method that gave it, "unknown" for None."""

    text: str | None
    method: str


NOT_FOUND = ExtractedField(None, "unknown")


def first_nonempty(places: Iterable[tuple[str, str | None]]) -> ExtractedField:
    """Return the first text of (method, text) pairs that is not empty."""
    return next((ExtractedField(text, method) for method, text in places if text), NOT_FOUND)
