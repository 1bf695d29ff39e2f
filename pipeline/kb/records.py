"""Read the lines of ``newslake kb import``: one JSON object per entity, checked key by key."""

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any, BinaryIO

from newslake.pipeline.kb.entry import ENTITY_TYPES, KbEntry, fold_name, words_of

LINE_MAX_BYTES = 1_000_000
_NAME_MAX_CHARS = 300
_TEXT_MAX_CHARS = 2_000
_LIST_MAX = 1_000


@dataclass(frozen=True, slots=True)
class KbRecord:
    """A valid line: the entry, and all its folded names, its label first."""

    entry: KbEntry
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BadLine:
    """A rejected line. ``line`` counts from 1; ``key`` is "" if the line is not an object."""

    line: int
    key: str
    problem: str

    def __str__(self) -> str:
        return f"line {self.line}: {f'{self.key}: ' if self.key else ''}{self.problem}"


def read_records(stream: BinaryIO) -> Iterator[tuple[int, KbRecord | BadLine]]:
    """Yield the number of each non-blank line, with its record or the problem. Only one line is in memory."""
    for number in count(1):
        line = stream.readline(LINE_MAX_BYTES + 1)
        if not line:
            return
        if len(line) > LINE_MAX_BYTES:
            while line and not line.endswith(b"\n"):
                line = stream.readline(LINE_MAX_BYTES)
            yield number, BadLine(number, "", f"longer than {LINE_MAX_BYTES} bytes")
        elif line.strip():
            yield number, _record(number, line)


def _record(number: int, line: bytes) -> KbRecord | BadLine:
    try:
        fields = json.loads(line.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        return BadLine(number, "", f"not JSON in UTF-8 ({error})")
    if not isinstance(fields, dict):
        return BadLine(number, "", "not a JSON object")
    for key in fields:
        if key not in _KEYS:
            return BadLine(number, key[:40], f"unknown key; use one of {', '.join(_KEYS)}")
    for key, check in _KEYS.items():
        if problem := check(fields.get(key)):
            return BadLine(number, key, f"{problem} (got {_preview(fields.get(key))})")
    if (fields.get("lat") is None) != (fields.get("lon") is None):
        return BadLine(number, "lat", "needs both lat and lon")
    return _parse_fields(fields)


def _parse_fields(fields: Mapping[str, Any]) -> KbRecord:
    label, description = " ".join(fields["label"].split()), fields.get("description") or ""
    names = dict.fromkeys(fold_name(name) for name in (label, *(fields.get("aliases") or ())))
    entry = KbEntry(
        name=label,
        types=tuple(dict.fromkeys(fields["types"])),
        qid=fields["qid"],
        country=fields.get("country"),
        prior=float(fields["prior"]),
        description=description,
        words=words_of(" ".join((description, *(fields.get("context") or ())))) - words_of(label),
        lat=fields.get("lat"),
        lon=fields.get("lon"),
    )
    return KbRecord(entry, tuple(name for name in names if name))


def _preview(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}..."


FieldCheck = Callable[[object], str | None]


def _matches(pattern: str, problem: str) -> FieldCheck:
    return lambda value: None if isinstance(value, str) and re.fullmatch(pattern, value) else problem


def _optional(check: FieldCheck) -> FieldCheck:
    return lambda value: None if value is None else check(value)


def _text(limit: int, *, named: bool) -> FieldCheck:
    problem = f"must be text of {'1 to' if named else 'at most'} {limit} characters{', with a letter' if named else ''}"

    def check(value: object) -> str | None:
        fits = isinstance(value, str) and len(value) <= limit and _is_unicode(value)
        return None if fits and (not named or _is_name(str(value))) else problem

    return check


def _is_unicode(value: str) -> bool:
    """Return whether a text can be stored: it contains no lone surrogates."""
    return not any("\ud800" <= char <= "\udfff" for char in value)


def _is_name(value: str) -> bool:
    return any(char.isalnum() for char in fold_name(value))


def _texts(check_one: FieldCheck, *, least: int = 0) -> FieldCheck:
    def check(value: object) -> str | None:
        if not isinstance(value, list) or not least <= len(value) <= _LIST_MAX:
            return f"must be a list of {least} to {_LIST_MAX} texts"
        return next((f"each {problem}" for each in value if (problem := check_one(each))), None)

    return check


def _number(low: float, high: float) -> FieldCheck:
    problem = f"must be a number from {low:g} to {high:g}"

    def check(value: object) -> str | None:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return None if is_number and math.isfinite(float(str(value))) and low <= float(str(value)) <= high else problem

    return check


_KEYS: Mapping[str, FieldCheck] = {
    "qid": _matches("Q[1-9][0-9]{0,11}", "must look like Q42"),
    "label": _text(_NAME_MAX_CHARS, named=True),
    "aliases": _optional(_texts(_text(_NAME_MAX_CHARS, named=True))),
    "types": _texts(_matches("|".join(ENTITY_TYPES), f"must be one of {', '.join(ENTITY_TYPES)}"), least=1),
    "description": _optional(_text(_TEXT_MAX_CHARS, named=False)),
    "prior": _number(0, 1e15),
    "country": _optional(_matches("[A-Z]{3}", "must be ISO 3166-1 alpha-3 such as GBR")),
    "lat": _optional(_number(-90, 90)),
    "lon": _optional(_number(-180, 180)),
    "context": _optional(_texts(_text(_NAME_MAX_CHARS, named=False))),
}
