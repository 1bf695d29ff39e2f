"""``overrides.toml``: corrections by hand that win over the text and over the built-in data."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

from pipeline.errors import ConfigError

_KEYS = ("qid", "gender", "type", "country")
_PATTERNS = {"qid": r"Q[1-9]\d*", "gender": "[FMU]", "type": "[A-Z_]{2,20}", "country": "[A-Z]{3}"}


@dataclass(frozen=True, slots=True, kw_only=True)
class NameOverride:
    """What ``[names."Jane Roe"]`` says; None where it says nothing. ``qid`` "" means: never link this name."""

    name: str
    qid: str | None = None
    gender: Literal["F", "M", "U"] | None = None
    entity_type: str | None = None
    country: str | None = None


def read_overrides(path: Path | None) -> tuple[NameOverride, ...]:
    """Return the corrections of a file, in its order; none where there is no file.

    Raises: ConfigError naming the file and the wrong key.
    """
    if path is None or not path.exists():
        return ()
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except ValueError as error:  # TOML syntax or not UTF-8
        raise ConfigError(f"{path}: {error}", key=str(path), reason="overrides_syntax") from error
    unknown = set(content) - {"names"}
    if unknown:
        raise _wrong(path, sorted(unknown)[0], 'is unknown; write [names."Full Name"] tables')
    names = content.get("names", {})
    if not isinstance(names, dict):
        raise _wrong(path, "names", 'must hold tables; write [names."Full Name"]')
    return tuple(_override(path, name, entry) for name, entry in names.items())


def _override(path: Path, name: str, entry: object) -> NameOverride:
    key = f'names."{name}"'
    if not isinstance(entry, dict):
        raise _wrong(path, key, f"must be a table with {', '.join(_KEYS)}")
    for field, value in cast(Mapping[str, object], entry).items():
        if field not in _KEYS:
            raise _wrong(path, f"{key}.{field}", f"is unknown; known are {', '.join(_KEYS)}")
        empty = field == "qid" and value == ""
        if not isinstance(value, str) or not (empty or re.fullmatch(_PATTERNS[field], value)):
            raise _wrong(path, f"{key}.{field}", f"must look like {_PATTERNS[field]} (got {value!r})")
    return NameOverride(
        name=name,
        qid=entry.get("qid"),
        gender=entry.get("gender"),
        entity_type=entry.get("type"),
        country=entry.get("country"),
    )


def _wrong(path: Path, key: str, what: str) -> ConfigError:
    return ConfigError(f"{path}: {key} {what}", key=key, reason="overrides_key")
