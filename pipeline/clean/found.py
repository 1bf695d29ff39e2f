"""A value with the place where it was found."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Found:
    """A text, None where nothing says it, and the method that gave it, "unknown" for None."""

    text: str | None
    method: str


NOWHERE = Found(None, "unknown")


def first_found(places: Iterable[tuple[str, str | None]]) -> Found:
    """Return the first text of (method, text) pairs that is not empty."""
    return next((Found(text, method) for method, text in places if text), NOWHERE)
