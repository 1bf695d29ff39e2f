"""The entities of a gold file, with the span of each mention in the article's text."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class GoldMention:
    """The gold mention at one span. ``names`` has several entities if the words refer to them together.

    ``is_optional``: a careful reader may leave the mention out; it is no miss without it and no mistake with it.
    """

    span: Span
    kind: str
    names: frozenset[str]
    types: frozenset[str]
    is_optional: bool


def mentions_of(entities: list[dict[str, Any]], text: str) -> tuple[GoldMention, ...]:
    """Return all mentions, one per span, in reading order, without those that cleaning lost."""
    found: dict[Span, GoldMention] = {}
    for entity in entities:
        for mention in entity["mentions"]:
            span = place_of(mention, text)
            if span is not None:
                before = found[span].names if span in found else frozenset()
                found[span] = GoldMention(
                    span,
                    mention["kind"],
                    before | {entity["name"]},
                    frozenset(one_or_more(entity["type"])),
                    mention.get("optional", False),
                )
    return tuple(found[span] for span in sorted(found))


def place_of(mention: dict[str, Any], text: str) -> Span | None:
    """Return the span of the n-th whole-word occurrence of a mention's words; None if there are fewer."""
    for number, span in enumerate(_occurrences(mention["text"], text), start=1):
        if number == mention["nth"]:
            return span
    return None


def _occurrences(words: str, text: str) -> Iterator[Span]:
    return (found.span() for found in re.finditer(rf"(?<!\w){re.escape(words)}(?!\w)", text))


def one_or_more(value: str | list[str]) -> list[str]:
    """Return a gold value as the list of right answers."""
    return value if isinstance(value, list) else [value]
