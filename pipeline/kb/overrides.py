"""Read ``overrides.toml``: manual corrections of names and quotes, which win over the text and the knowledge base.

Public entry points: ``read_overrides``, ``parse_overrides``.
"""

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Literal

from newslake.pipeline.errors import ConfigError
from newslake.pipeline.kb.entry import ENTITY_TYPES, fold_name
from newslake.pipeline.model import article_id_of, canonical_url
from newslake.pipeline.model.corrections import folded_words

# Checks of values, shared by names and quotes.

_GENDER = "[FMU]"
_TYPE = "|".join(ENTITY_TYPES)
_ARTICLE = r"[0-9a-f]{32}|https?://\S+"


def _check_text(origin: str, key: str, value: object, *, field: str, patterns: Mapping[str, str]) -> str:
    """Return a text that matches its field's pattern. Raises: ConfigError naming the key."""
    if field not in patterns:
        raise _error(origin, key, f"is unknown; use one of {', '.join(patterns)}")
    if not isinstance(value, str) or not re.fullmatch(patterns[field], value):
        raise _error(origin, key, f"must look like {patterns[field]} (got {value!r})")
    return value


def article_id_at(url: str | None) -> str | None:
    """Return the id of the article at a URL; None if it is not a web address."""
    try:
        return None if url is None else article_id_of(canonical=canonical_url(url), text="")
    except ValueError:
        return None


def _resolve_scope_key(origin: str, key: str, value: str) -> str:
    """Return the article id for a URL; a source key or an article id is unchanged. Raises: ConfigError."""
    if not value.startswith("http"):
        return value
    article_id = article_id_at(value)
    if article_id is None:
        raise _error(origin, key, f"is not the URL of an article (got {value!r})")
    return article_id


def _error(origin: str, key: str, what: str) -> ConfigError:
    """Return the error for a wrong key. ``origin`` is the name of its file."""
    return ConfigError(f"{origin}: {key} {what}", key=key, reason="overrides_key")


# Corrections of quotes: another speaker for one quote of an article, or not a quote.

_QUOTE_PATTERNS = {
    "article": _ARTICLE,
    "quote": r"(?s:.*\w.*)",
    "speaker": r"|\S(?s:.*\S)?",
    "qid": "Q[1-9][0-9]*",
    "type": _TYPE,
    "gender": _GENDER,
}
_QUOTE_KEYS = (*_QUOTE_PATTERNS, "occurrence", "is_quote")
_SPEAKER_KEYS = ("speaker", "qid", "type", "gender")


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteOverride:
    """A correction of the quote that contains ``words``. ``key`` is its place in the file.

    ``occurrence`` is the number of the quote among those with these words, from 1; None requires a single one.
    ``speaker`` is a name, "" for no speaker, or None if there is only ``qid``. If it is not a quote, all fields after
    ``is_quote`` have the value None.
    """

    key: str = field(repr=False, compare=False)
    words: str = field(repr=False, compare=False)
    folded: tuple[str, ...]
    occurrence: int | None
    is_quote: bool
    speaker: str | None = None
    qid: str | None = None
    entity_type: str | None = None
    gender: Literal["F", "M", "U"] | None = None

    @property
    def order(self) -> tuple[tuple[str, ...], int]:
        """Sort key in an article. Two corrections of one quote have the same key."""
        return self.folded, self.occurrence or 0


def _read_quotes(origin: str, written: object) -> Mapping[str, tuple[QuoteOverride, ...]]:
    """Return the corrections of quotes by article id, sorted: the order of the file has no meaning.

    Raises: ConfigError naming the wrong key.
    """
    by_article: dict[str, dict[object, QuoteOverride]] = {}
    for key, entry in _quote_entries(origin, written):
        article_id, said = _quote_override(origin, key, entry)
        if said.order in by_article.setdefault(article_id, {}):
            raise _error(origin, key, "corrects this quote a second time")
        by_article[article_id][said.order] = said
    return {each: tuple(sorted(said.values(), key=lambda one: one.order)) for each, said in sorted(by_article.items())}


def _quote_entries(origin: str, written: object) -> Iterator[tuple[str, Mapping[str, object]]]:
    if not isinstance(written, list):
        raise _error(origin, "quotes", "must be in double brackets: [[quotes]]")
    for place, entry in enumerate(written):
        if not isinstance(entry, dict):
            raise _error(origin, f"quotes[{place}]", f"must be a table with {', '.join(_QUOTE_KEYS)}")
        yield f"quotes[{place}]", entry


def _quote_override(origin: str, key: str, entry: Mapping[str, object]) -> tuple[str, QuoteOverride]:
    values = {name: _quote_value(origin, f"{key}.{name}", name, value) for name, value in entry.items()}
    for name in ("article", "quote"):
        if name not in values:
            raise _error(origin, f"{key}.{name}", "is missing; it identifies the quote")
    _refuse_contradictions(origin, key, values)
    words = str(values["quote"])
    said = QuoteOverride(
        key=key,
        words=words,
        folded=folded_words(words),
        occurrence=values.get("occurrence"),  # type: ignore[arg-type]  # checked by ``_quote_value``
        is_quote="is_quote" not in values,
        speaker=values.get("speaker"),  # type: ignore[arg-type]
        qid=values.get("qid"),  # type: ignore[arg-type]
        entity_type=values.get("type"),  # type: ignore[arg-type]
        gender=values.get("gender"),  # type: ignore[arg-type]
    )
    return _resolve_scope_key(origin, f"{key}.article", str(values["article"])), said


def _quote_value(origin: str, key: str, name: str, value: object) -> str | int:
    if name == "occurrence":
        if type(value) is not int or value < 1:
            raise _error(origin, key, f"must be a number from 1 (got {value!r})")
        return value
    if name == "is_quote":
        if value is not False:
            raise _error(origin, key, f"can only be false (got {value!r})")
        return value
    return _check_text(
        origin, key, value, field=name, patterns={each: _QUOTE_PATTERNS.get(each, "") for each in _QUOTE_KEYS}
    )


def _refuse_contradictions(origin: str, key: str, values: Mapping[str, object]) -> None:
    saying = [name for name in _SPEAKER_KEYS if name in values]
    if "is_quote" in values and saying:
        raise _error(origin, f"{key}.{saying[0]}", "gives a speaker but is_quote is false; remove one of them")
    if "is_quote" not in values and not {"speaker", "qid"} & values.keys():
        raise _error(origin, key, "corrects nothing; give speaker, qid, or is_quote = false")
    if values.get("speaker") == "" and len(saying) > 1:
        raise _error(origin, f"{key}.{saying[1]}", 'describes no speaker; speaker = "" allows no other speaker key')


# Corrections of names, and the whole file.

_SCOPES = ("source", "article")
_NAME_PATTERNS = {
    "qid": "|Q[1-9][0-9]*",
    "name": r"\S(?s:.*\S)?",
    "gender": _GENDER,
    "type": _TYPE,
    "country": "[A-Z]{3}",
    "source": "[a-z][a-z0-9_]{0,63}",
    "article": _ARTICLE,
}
_ADVICE = 'write [[names."Full Name"]] or [[quotes]]'
_BRACKETS_ADVICE = "a table in single brackets cannot be repeated: write [[...]] in both places"


@dataclass(frozen=True, slots=True, kw_only=True)
class NameOverride:
    """A correction of one name; None: not corrected. ``qid`` "" means: never link this name.

    ``name`` is the corrected name.
    """

    qid: str | None = None
    name: str | None = None
    gender: Literal["F", "M", "U"] | None = None
    entity_type: str | None = None
    country: str | None = None


Scope = tuple[str, str]


@dataclass(frozen=True, slots=True)
class NameLine:
    """A correction of a name by its ``key`` in the file: the folded name, and the scope."""

    key: str
    name: str
    scope: Scope


@dataclass(frozen=True, slots=True)
class Corrections:
    """All corrections of a file: names by folded name, widest scope first; quotes by article id.

    A scope is ("", "") for everywhere, ("source", key) or ("article", article_id). ``lines`` lists the corrections of
    names in file order.
    """

    by_name: Mapping[str, tuple[tuple[Scope, NameOverride], ...]]
    quotes: Mapping[str, tuple[QuoteOverride, ...]]
    lines: tuple[NameLine, ...]

    def __bool__(self) -> bool:
        return bool(self.by_name or self.quotes)

    def of(self, *, article_ids: Iterable[str], source_key: str) -> Mapping[str, NameOverride]:
        """Return the corrections of names in one article. Per key, the narrowest scope wins."""
        scopes = {("", ""), ("source", source_key), *(("article", each) for each in article_ids)}
        active = {name: [said for scope, said in scoped if scope in scopes] for name, scoped in self.by_name.items()}
        return {name: _merge_scopes(corrections) for name, corrections in active.items() if corrections}

    def of_quotes(self, *, article_ids: Iterable[str]) -> tuple[QuoteOverride, ...]:
        """Return the corrections of quotes in the article with these ids."""
        overrides = (said for each in dict.fromkeys(article_ids) for said in self.quotes.get(each, ()))
        return tuple(sorted(overrides, key=lambda each: each.order))


NO_CORRECTIONS = Corrections({}, {}, ())


def _merge_scopes(overrides: Iterable[NameOverride]) -> NameOverride:
    said = [{field.name: getattr(each, field.name) for field in fields(NameOverride)} for each in overrides]
    return NameOverride(**{key: value for each in said for key, value in each.items() if value is not None})


def read_overrides(path: Path | None) -> Corrections:
    """Return the corrections of a file; no corrections if it does not exist.

    Raises: ConfigError naming the file and the wrong key.
    """
    if path is None or not path.exists():
        return NO_CORRECTIONS
    try:
        text = path.read_text("utf-8")
    except (ValueError, OSError) as error:  # not UTF-8, or not readable
        raise ConfigError(f"{path}: {error}", key=str(path), reason="overrides_syntax") from error
    return parse_overrides(text, origin=str(path))


def parse_overrides(text: str, *, origin: str) -> Corrections:
    """Return the corrections of a text. ``origin`` is its name in messages.

    Raises: ConfigError naming the wrong key.
    """
    try:
        content = tomllib.loads(text)
    except ValueError as error:
        advice = f"; {_BRACKETS_ADVICE}" if "Cannot" in str(error) else ""
        raise ConfigError(f"{origin}: {error}{advice}", key=origin, reason="overrides_syntax") from error
    unknown = set(content) - {"names", "quotes"}
    if unknown:
        raise _error(origin, sorted(unknown)[0], f"is unknown; {_ADVICE}")
    by_name, lines = _read_names(origin, content.get("names", {}))
    return Corrections(by_name, _read_quotes(origin, content.get("quotes", [])), lines)


def _read_names(
    origin: str, names: object
) -> tuple[Mapping[str, tuple[tuple[Scope, NameOverride], ...]], tuple[NameLine, ...]]:
    if not isinstance(names, dict):
        raise _error(origin, "names", f"must contain tables; {_ADVICE}")
    by_name: defaultdict[str, dict[Scope, NameOverride]] = defaultdict(dict)
    lines = []
    for name, key, entry in _name_entries(origin, names):
        scope, said = _name_override(origin, key, entry)
        if scope in by_name[fold_name(name)]:
            raise _error(origin, key, "corrects this name in this scope a second time")
        by_name[fold_name(name)][scope] = said
        lines.append(NameLine(key, fold_name(name), scope))
    return {name: tuple(sorted(scoped.items(), key=_scope_order)) for name, scoped in by_name.items()}, tuple(lines)


def _scope_order(item: tuple[Scope, NameOverride]) -> tuple[int, str]:
    (kind, key), _ = item
    return ("", *_SCOPES).index(kind), key


def _name_entries(origin: str, names: Mapping[str, object]) -> Iterator[tuple[str, str, Mapping[str, object]]]:
    """Yield each table with the name that it corrects and its key in the file."""
    for name, written in names.items():
        many = written if isinstance(written, list) else [written]
        for place, entry in enumerate(many):
            key = f'names."{name}"' + (f"[{place}]" if isinstance(written, list) else "")
            if not fold_name(name) or not isinstance(entry, dict):
                raise _error(origin, key, f"must be a table with {', '.join(_NAME_PATTERNS)}")
            yield name, key, entry


def _name_override(origin: str, key: str, entry: Mapping[str, object]) -> tuple[Scope, NameOverride]:
    said = {
        field: _check_text(origin, f"{key}.{field}", value, field=field, patterns=_NAME_PATTERNS)
        for field, value in entry.items()
    }
    if len(said.keys() & set(_SCOPES)) == len(_SCOPES):
        raise _error(origin, key, "has both source and article; give article only")
    scope = next(
        ((kind, _resolve_scope_key(origin, f"{key}.{kind}", said.pop(kind))) for kind in _SCOPES if kind in said), None
    )
    said |= {"entity_type": said.pop("type")} if "type" in said else {}
    return scope or ("", ""), NameOverride(**said)  # type: ignore[arg-type]  # checked against _NAME_PATTERNS
