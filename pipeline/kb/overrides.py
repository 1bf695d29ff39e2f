"""``overrides.toml``: corrections by hand that win over the text and over every knowledge base."""

import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal

from pipeline.errors import ConfigError
from pipeline.kb.fold import fold_name
from pipeline.kb.override_keys import ARTICLE, GENDER, TYPE, check_text, override_error, resolve_scope_key
from pipeline.kb.quote_overrides import QuoteOverride, read_quotes

_SCOPES = ("source", "article")
_NAME_PATTERNS = {
    "qid": "|Q[1-9][0-9]*",
    "name": r"\S(?s:.*\S)?",
    "gender": GENDER,
    "type": TYPE,
    "country": "[A-Z]{3}",
    "source": "[a-z][a-z0-9_]{0,63}",
    "article": ARTICLE,
}
_ADVICE = 'write [[names."Full Name"]] or [[quotes]]'
_BRACKETS_ADVICE = "what stands in single brackets takes no second table: write [[...]] in both places"


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


Scope = tuple[str, str]


@dataclass(frozen=True, slots=True)
class NameLine:
    """Where a correction of a name stands in the file, and what it is for: a folded name, in a scope."""

    key: str
    name: str
    scope: Scope


@dataclass(frozen=True, slots=True)
class Corrections:
    """All corrections of a file: of names by folded name and scope, the widest scope first; of quotes by article id.

    A scope is ("", "") for everywhere, ("source", key) or ("article", article_id). ``lines`` are those of names, in
    the order of the file.
    """

    by_name: Mapping[str, tuple[tuple[Scope, NameOverride], ...]]
    quotes: Mapping[str, tuple[QuoteOverride, ...]]
    lines: tuple[NameLine, ...]

    def __bool__(self) -> bool:
        return bool(self.by_name or self.quotes)

    def of(self, *, article_ids: Iterable[str], source_key: str) -> Mapping[str, NameOverride]:
        """Return what holds of names in one article: key by key, the narrowest scope that says something."""
        scopes = {("", ""), ("source", source_key), *(("article", each) for each in article_ids)}
        found = {name: [said for scope, said in told if scope in scopes] for name, told in self.by_name.items()}
        return {name: _merge_scopes(told) for name, told in found.items() if told}

    def of_quotes(self, *, article_ids: Iterable[str]) -> tuple[QuoteOverride, ...]:
        """Return what holds of quotes in the article that goes by these ids."""
        found = (said for each in dict.fromkeys(article_ids) for said in self.quotes.get(each, ()))
        return tuple(sorted(found, key=lambda each: each.order))


NO_CORRECTIONS = Corrections({}, {}, ())


def _merge_scopes(told: Iterable[NameOverride]) -> NameOverride:
    said = [{field.name: getattr(each, field.name) for field in fields(NameOverride)} for each in told]
    return NameOverride(**{key: value for each in said for key, value in each.items() if value is not None})


def read_overrides(path: Path | None) -> Corrections:
    """Return the corrections of a file; none where there is no file.

    Raises: ConfigError naming the file and the wrong key.
    """
    if path is None or not path.exists():
        return NO_CORRECTIONS
    try:
        text = path.read_text("utf-8")
    except (ValueError, OSError) as error:  # not UTF-8, or no file that can be read
        raise ConfigError(f"{path}: {error}", key=str(path), reason="overrides_syntax") from error
    return parse_overrides(text, origin=str(path))


def parse_overrides(text: str, *, origin: str) -> Corrections:
    """Return the corrections of a text; ``origin`` is what messages call it.

    Raises: ConfigError naming the wrong key.
    """
    try:
        content = tomllib.loads(text)
    except ValueError as error:
        advice = f"; {_BRACKETS_ADVICE}" if "Cannot" in str(error) else ""
        raise ConfigError(f"{origin}: {error}{advice}", key=origin, reason="overrides_syntax") from error
    unknown = set(content) - {"names", "quotes"}
    if unknown:
        raise override_error(origin, sorted(unknown)[0], f"is unknown; {_ADVICE}")
    by_name, lines = _read_names(origin, content.get("names", {}))
    return Corrections(by_name, read_quotes(origin, content.get("quotes", [])), lines)


def _read_names(
    origin: str, names: object
) -> tuple[Mapping[str, tuple[tuple[Scope, NameOverride], ...]], tuple[NameLine, ...]]:
    if not isinstance(names, dict):
        raise override_error(origin, "names", f"must hold tables; {_ADVICE}")
    found: defaultdict[str, dict[Scope, NameOverride]] = defaultdict(dict)
    lines = []
    for name, key, entry in _name_entries(origin, names):
        scope, said = _name_override(origin, key, entry)
        if scope in found[fold_name(name)]:
            raise override_error(origin, key, "corrects this name in this place a second time")
        found[fold_name(name)][scope] = said
        lines.append(NameLine(key, fold_name(name), scope))
    return {name: tuple(sorted(told.items(), key=_scope_order)) for name, told in found.items()}, tuple(lines)


def _scope_order(told: tuple[tuple[str, str], NameOverride]) -> tuple[int, str]:
    (kind, key), _ = told
    return ("", *_SCOPES).index(kind), key


def _name_entries(origin: str, names: Mapping[str, object]) -> Iterator[tuple[str, str, Mapping[str, object]]]:
    """Yield each table with the name that it corrects and its key in the file."""
    for name, written in names.items():
        many = written if isinstance(written, list) else [written]
        for place, entry in enumerate(many):
            key = f'names."{name}"' + (f"[{place}]" if isinstance(written, list) else "")
            if not fold_name(name) or not isinstance(entry, dict):
                raise override_error(origin, key, f"must be a table with {', '.join(_NAME_PATTERNS)}")
            yield name, key, entry


def _name_override(origin: str, key: str, entry: Mapping[str, object]) -> tuple[Scope, NameOverride]:
    said = {
        field: check_text(origin, f"{key}.{field}", value, field=field, patterns=_NAME_PATTERNS)
        for field, value in entry.items()
    }
    if len(said.keys() & set(_SCOPES)) == len(_SCOPES):
        raise override_error(origin, key, "has source and article; an article alone says enough")
    scope = next(
        ((kind, resolve_scope_key(origin, f"{key}.{kind}", said.pop(kind))) for kind in _SCOPES if kind in said), None
    )
    said |= {"entity_type": said.pop("type")} if "type" in said else {}
    return scope or ("", ""), NameOverride(**said)  # type: ignore[arg-type]  # checked against _NAME_PATTERNS
