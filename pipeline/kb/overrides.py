"""``overrides.toml``: corrections by hand that win over the text and over every knowledge base."""

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal

from pipeline.errors import ConfigError
from pipeline.kb.entry import ENTITY_TYPES
from pipeline.kb.fold import fold_name
from pipeline.model import article_id_of, canonical_url

_SCOPES = ("source", "article")
_PATTERNS = {
    "qid": "|Q[1-9][0-9]*",
    "name": r"\S(?s:.*\S)?",
    "gender": "[FMU]",
    "type": "|".join(ENTITY_TYPES),
    "country": "[A-Z]{3}",
    "source": "[a-z][a-z0-9_]{0,63}",
    "article": r"[0-9a-f]{32}|https?://\S+",
}
_ADVICE = 'write [names."Full Name"], or [[names."Full Name"]] for each of several'


@dataclass(frozen=True, slots=True, kw_only=True)
class NameOverride:
    """What the corrections say of one name; None where they say nothing. ``qid`` "" means: never link this name.

    ``name`` is what the name is called instead.
    """

    qid: str | None = None
    name: str | None = None
    gender: Literal["F", "M", "U"] | None = None
    entity_type: str | None = None
    country: str | None = None


@dataclass(frozen=True, slots=True)
class Corrections:
    """All corrections of a file by folded name and scope, the widest scope first.

    A scope is ("", "") for everywhere, ("source", key) or ("article", article_id).
    """

    by_name: Mapping[str, tuple[tuple[tuple[str, str], NameOverride], ...]]

    def of(self, *, article_ids: Iterable[str], source_key: str) -> Mapping[str, NameOverride]:
        """Return what holds in one article, by folded name: key by key, the narrowest scope that says something."""
        scopes = {("", ""), ("source", source_key), *(("article", each) for each in article_ids)}
        found = {name: [said for scope, said in told if scope in scopes] for name, told in self.by_name.items()}
        return {name: _narrowed(told) for name, told in found.items() if told}


def _narrowed(told: Iterable[NameOverride]) -> NameOverride:
    said = [{field.name: getattr(each, field.name) for field in fields(NameOverride)} for each in told]
    return NameOverride(**{key: value for each in said for key, value in each.items() if value is not None})


def read_overrides(path: Path | None) -> Corrections:
    """Return the corrections of a file; none where there is no file.

    Raises: ConfigError naming the file and the wrong key.
    """
    if path is None or not path.exists():
        return Corrections({})
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except (ValueError, OSError) as error:  # TOML syntax, not UTF-8, or no file that can be read
        raise ConfigError(f"{path}: {error}", key=str(path), reason="overrides_syntax") from error
    unknown = set(content) - {"names"}
    if unknown:
        raise _wrong(path, sorted(unknown)[0], f"is unknown; {_ADVICE}")
    names = content.get("names", {})
    if not isinstance(names, dict):
        raise _wrong(path, "names", f"must hold tables; {_ADVICE}")
    found: defaultdict[str, dict[tuple[str, str], NameOverride]] = defaultdict(dict)
    for name, key, entry in _entries(path, names):
        scope, said = _override(path, key, entry)
        if scope in found[fold_name(name)]:
            raise _wrong(path, key, "corrects this name in this place a second time")
        found[fold_name(name)][scope] = said
    return Corrections({name: tuple(sorted(told.items(), key=_width)) for name, told in found.items()})


def _width(told: tuple[tuple[str, str], NameOverride]) -> tuple[int, str]:
    (kind, key), _ = told
    return ("", *_SCOPES).index(kind), key


def _entries(path: Path, names: Mapping[str, object]) -> Iterator[tuple[str, str, Mapping[str, object]]]:
    """Yield each table with the name that it corrects and its key in the file."""
    for name, written in names.items():
        many = written if isinstance(written, list) else [written]
        for place, entry in enumerate(many):
            key = f'names."{name}"' + (f"[{place}]" if isinstance(written, list) else "")
            if not fold_name(name) or not isinstance(entry, dict):
                raise _wrong(path, key, f"must be a table with {', '.join(_PATTERNS)}")
            yield name, key, entry


def _override(path: Path, key: str, entry: Mapping[str, object]) -> tuple[tuple[str, str], NameOverride]:
    said = {field: _value(path, f"{key}.{field}", field, value) for field, value in entry.items()}
    if len(said.keys() & set(_SCOPES)) == len(_SCOPES):
        raise _wrong(path, key, "has source and article; an article alone says enough")
    scope = next(((kind, _place(path, f"{key}.{kind}", said.pop(kind))) for kind in _SCOPES if kind in said), ("", ""))
    said |= {"entity_type": said.pop("type")} if "type" in said else {}
    return scope, NameOverride(**said)  # type: ignore[arg-type]  # checked against _PATTERNS


def _value(path: Path, key: str, field: str, value: object) -> str:
    if field not in _PATTERNS:
        raise _wrong(path, key, f"is unknown; known are {', '.join(_PATTERNS)}")
    if not isinstance(value, str) or not re.fullmatch(_PATTERNS[field], value):
        raise _wrong(path, key, f"must look like {_PATTERNS[field]} (got {value!r})")
    return value


def article_id_at(url: str | None) -> str | None:
    """Return the id of the article that has its home at an address; None for what is no address on the web."""
    try:
        return None if url is None else article_id_of(canonical=canonical_url(url), text="")
    except ValueError:
        return None


def _place(path: Path, key: str, value: str) -> str:
    """Return a source's key or an article's id as it is, a URL as the id of its article."""
    if not value.startswith("http"):
        return value
    article_id = article_id_at(value)
    if article_id is None:
        raise _wrong(path, key, f"is no address of an article (got {value!r})")
    return article_id


def _wrong(path: Path, key: str, what: str) -> ConfigError:
    return ConfigError(f"{path}: {key} {what}", key=key, reason="overrides_key")
