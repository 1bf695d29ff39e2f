"""Rules for lines that are no text of a story. Their words are data, in ``data/foreign_lines.toml``."""

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any, Literal

LinePosition = Literal["any", "head", "tail"]

_LISTED: Mapping[str, Any] = tomllib.loads(
    resources.files("newslake.pipeline.clean").joinpath("data", "foreign_lines.toml").read_text("utf-8")
)
_SETTINGS = frozenset({"max_words", "place", "needs"})
_MARKS = " \t*•·–—-»>|→▶"  # before the first word of a line; words in brackets or quotation marks are somebody's
BIOGRAPHY_VERBS = frozenset(verb for verbs in _LISTED["biography"].values() for verb in verbs)
STORY_END_WORDS: tuple[str, ...] = tuple(words for listed in _LISTED["story_ends"].values() for words in listed)


@dataclass(frozen=True, slots=True)
class LineRule:
    """Drops a matching line of at most ``max_words``. "head" and "tail" mean near the start or end of the body.

    ``needs``: folded words, one of which is in each line that matches; to search them first is ten times faster.
    """

    name: str
    find: Callable[[str], re.Match[str] | None]
    max_words: int
    place: LinePosition
    needs: tuple[str, ...]


def line_rule(
    name: str, pattern: str, max_words: int, place: LinePosition = "any", *, needs: tuple[str, ...] = ()
) -> LineRule:
    """Return a rule for a regular expression; letter case is ignored."""
    compiled = re.compile(pattern, re.IGNORECASE)
    return LineRule(name, compiled.match if _is_anchored(pattern) else compiled.search, max_words, place, needs)


def _is_anchored(pattern: str) -> bool:
    """Return whether a pattern matches only at the start. ``search`` then tries all other places in vain."""
    outside = re.sub(r"\\.|\[[^]]*\]", "", pattern)
    while (shorter := re.sub(r"\([^()]*\)", "", outside)) != outside:
        outside = shorter
    return all(branch.startswith("^") for branch in outside.split("|"))


@dataclass(frozen=True, slots=True)
class PhraseRule:
    """A rule of the data file, for lines in lower case: phrases at the start of a line, and phrases inside it.

    Without letter case and ``^``, an alternative that begins with another letter costs almost nothing.
    """

    name: str
    start: re.Pattern[str] | None
    inside: re.Pattern[str] | None
    max_words: int
    place: LinePosition
    needs: tuple[str, ...]

    def matches(self, text: str, start: str) -> bool:
        """Return whether a line is one of this rule. ``start`` is the text without the marks before it."""
        if self.start is not None and self.start.match(start):
            return True
        if self.inside is None or (self.needs and not any(map(text.__contains__, self.needs))):
            return False
        return self.inside.search(text) is not None


def _phrase_rule(name: str, listed: Mapping[str, Any]) -> PhraseRule:
    """Return the rule of a name with the words of all languages: a page may mix them."""
    patterns = [_with_names(pattern) for key, each in listed.items() if key not in _SETTINGS for pattern in each]
    return PhraseRule(
        name,
        _any_of([pattern[1:] for pattern in patterns if pattern.startswith("^")]),
        _any_of([pattern for pattern in patterns if not pattern.startswith("^")]),
        listed["max_words"],
        listed.get("place", "any"),
        tuple(listed.get("needs", ())),
    )


def _with_names(pattern: str) -> str:
    for name, words in _LISTED["names"].items():
        pattern = pattern.replace(f"{{{name}}}", words)
    return pattern


def _any_of(patterns: Sequence[str]) -> re.Pattern[str] | None:
    return re.compile("|".join(patterns)) if patterns else None


PHRASE_RULES = tuple(_phrase_rule(name, listed) for name, listed in _LISTED["rules"].items())
_RULES_AT: Mapping[LinePosition, tuple[PhraseRule, ...]] = {
    "any": tuple(rule for rule in PHRASE_RULES if rule.place == "any"),
    "head": tuple(rule for rule in PHRASE_RULES if rule.place != "tail"),
    "tail": tuple(rule for rule in PHRASE_RULES if rule.place == "tail"),
}
_TERMS = next(rule for rule in PHRASE_RULES if rule.name == "subscription_terms")
TERMS_MAX_WORDS = _TERMS.max_words


def phrase_rule_of(text: str, *, words: int, place: LinePosition) -> str | None:
    """Return the name of the first rule of the data file for a line at this place; None if it is text of the story.

    "any": between start and end; "head": near the start; "tail": only what no other place has.
    """
    text = text.casefold()
    start = text.lstrip(_MARKS)
    names = (rule.name for rule in _RULES_AT[place] if words <= rule.max_words and rule.matches(text, start))
    return next(names, None)


def is_subscription_term(text: str) -> bool:
    """Return whether a line is one of the terms of a subscription."""
    text = text.casefold()
    return _TERMS.matches(text, text.lstrip(_MARKS))
