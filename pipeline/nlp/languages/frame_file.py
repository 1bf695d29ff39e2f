"""Read the event lexicon, a TOML file of frame groups; errors name the line and key."""

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from newslake.pipeline.errors import ConfigError
from newslake.pipeline.nlp.languages.plover import MODES, OTHER, QUAD_CLASSES, SUBTYPES
from newslake.pipeline.nlp.languages.spec_events import FrameGroup

_KEYS: Mapping[str, type] = {
    "type": str,
    "mode": str,
    "subtype": str,
    "recipient": str,
    "reciprocal": bool,
    "takes_content": bool,
    "patterns": str,
    "guards": str,
    "examples": list,
    "counter_examples": list,
}
_REQUIRED = ("type", "patterns", "examples")
_WORD = r"[^\W_]+(?:[-'][^\W_]+)*"
_WORDS = rf"{_WORD}(?:/{_WORD})*"
_NEEDS = {
    "verb": re.compile(
        rf"-(?:quote|more|state)?|\+to|\+for|\+harm|\+other|\+that|\+ing|(?:\^|>|(?:{_WORD})?@)?!?{_WORDS}"
    ),
    "noun": re.compile(rf"\+to|\+known|(?:%|{_WORD}@)?!?{_WORDS}"),
}
_SENTENCES = ("examples", "counter_examples")
_PLACE = re.compile(r"[a-z]+")


def read_frames(path: Path) -> tuple[tuple[FrameGroup, ...], tuple[FrameGroup, ...]]:
    """Return the groups of verb patterns and those of noun patterns, in the order written.

    Raises: ConfigError for a file that is not TOML or breaks the schema; the message names file, line, key and the fix.
    """
    text = path.read_text(encoding="utf-8")
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not valid TOML: {error}", key=str(path)) from error
    _refuse_unknown(path, tables, _NEEDS)
    verbs, nouns = (tuple(_groups(path, text, kind, tables.get(kind, []))) for kind in _NEEDS)
    return verbs, nouns


def _refuse_unknown(path: Path, table: Mapping[str, Any], known: Mapping[str, Any]) -> None:
    for key in table.keys() - known.keys():
        raise ConfigError(f"{path}: unknown key {key!r}: one of {', '.join(known)}", key=key)


def _groups(path: Path, text: str, kind: str, tables: list[Mapping[str, Any]]) -> Iterator[FrameGroup]:
    lines = [number for number, line in enumerate(text.splitlines(), start=1) if line.strip() == f"[[{kind}]]"]
    seen: set[str] = set()
    for number, table in zip(lines, tables, strict=True):
        problem = next((fault for check in _CHECKS if (fault := check(table, kind))), None)
        problem = problem or _find_repetition(table["patterns"], seen)
        if problem is not None:
            key, message = problem
            line = _line_of(text, number, key)
            raise ConfigError(f"{path}, line {line}: [[{kind}]] {key}: {message}", key=f"{path.name}:{line}")
        yield FrameGroup(**{_FIELDS.get(key, key): value for key, value in table.items()} | _as_tuple(table))


_FIELDS = {"type": "event_type"}


def _as_tuple(table: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    return {key: tuple(table.get(key, ())) for key in _SENTENCES}


def _line_of(text: str, header: int, key: str) -> int:
    """Return the line of a key in the table that begins at ``header``; without the key, the line of the header."""
    for number, line in enumerate(text.splitlines()[header:], start=header + 1):
        if line.startswith("[["):
            break
        if line.split("=")[0].strip() == key:
            return number
    return header


Problem = tuple[str, str] | None  # the key and what is wrong with it


def _wrong_keys(table: Mapping[str, Any], kind: str) -> Problem:
    for key, value in table.items():
        if key not in _KEYS:
            return key, f"unknown key: one of {', '.join(_KEYS)}"
        if not isinstance(value, _KEYS[key]):
            return key, f"must be a {_KEYS[key].__name__}"
    return next(((key, "is missing") for key in _REQUIRED if not table.get(key)), None)


def _wrong_type(table: Mapping[str, Any], kind: str) -> Problem:
    event_type, mode, subtype = table["type"], table.get("mode"), table.get("subtype")
    if event_type == OTHER:
        if mode is not None:
            return "mode", "OTHER has no mode; give its subtype"
        return None if subtype in SUBTYPES else ("subtype", f"{subtype!r} is not one of {', '.join(SUBTYPES)}")
    if event_type not in QUAD_CLASSES:
        return "type", f"{event_type!r} is not one of {', '.join(QUAD_CLASSES)}, {OTHER}"
    if subtype is not None:
        return "subtype", f"only {OTHER} has a subtype"
    if mode is not None and mode not in MODES.get(event_type, ()):
        return "mode", f"{event_type} has no mode {mode!r}: {', '.join(sorted(MODES.get(event_type, ()))) or 'none'}"
    return None


def _wrong_pattern(table: Mapping[str, Any], kind: str) -> Problem:
    for pattern in _split(table["patterns"]):
        lemma, *needs = pattern.split() or [""]
        if not re.fullmatch(_WORD, lemma):
            return "patterns", f"{pattern!r} does not begin with a word"
        wrong = _wrong_need(needs, kind)
        if wrong is not None:
            return "patterns", f"{pattern!r}: {wrong!r} is not a valid need of a {kind} pattern"
    wrong = _wrong_need(table.get("guards", "").split(), kind)
    return None if wrong is None else ("guards", f"{wrong!r} is not a valid need of a {kind} pattern")


def _wrong_need(needs: list[str], kind: str) -> str | None:
    return next((need for need in needs if not _NEEDS[kind].fullmatch(need)), None)


def _wrong_words(table: Mapping[str, Any], kind: str) -> Problem:
    wrong = next((place for place in table.get("recipient", "").split() if not _PLACE.fullmatch(place)), None)
    if wrong is not None:
        return "recipient", f"{wrong!r} is not one of object, subject, inner, poss, dative, or a preposition"
    for key in _SENTENCES:
        if not all(isinstance(sentence, str) and sentence.strip() for sentence in table.get(key, ())):
            return key, "must be sentences"
    return None


_CHECKS: tuple[Callable[[Mapping[str, Any], str], Problem], ...] = (
    _wrong_keys,
    _wrong_type,
    _wrong_pattern,
    _wrong_words,
)


def _find_repetition(patterns: str, seen: set[str]) -> Problem:
    for pattern in map(" ".join, map(str.split, _split(patterns))):
        if pattern in seen:
            return "patterns", f"{pattern!r} is already in the file"
        seen.add(pattern)
    return None


def _split(patterns: str) -> list[str]:
    return [part.strip() for part in patterns.split(",")]
