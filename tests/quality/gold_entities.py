"""The entities of a gold file, each mention at its place in the article's text."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class GoldMention:
    """What stands at one span. ``names`` are of more than one entity where the words mean several together.

    ``is_optional`` is a mention that a careful reader may leave out: no miss without it, no mistake with it.
    """

    span: Span
    kind: str
    names: frozenset[str]
    types: frozenset[str]
    is_optional: bool


def mentions_of(entities: list[dict[str, Any]], text: str) -> tuple[GoldMention, ...]:
    """Return all mentions, one a span, in reading order; one that cleaning lost is left out."""
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
    """Return where the n-th whole-word occurrence of a mention's words stands, None where there are fewer."""
    for number, span in enumerate(_occurrences(mention["text"], text), start=1):
        if number == mention["nth"]:
            return span
    return None


def _occurrences(words: str, text: str) -> Iterator[Span]:
    return (found.span() for found in re.finditer(rf"(?<!\w){re.escape(words)}(?!\w)", text))


def one_or_more(value: str | list[str]) -> list[str]:
    """Return a value of gold as the list of what is right."""
    return value if isinstance(value, list) else [value]
