"""``overrides.toml``: corrections by hand that win over the text and over every knowledge base."""

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Literal

from pipeline.errors import ConfigError
from pipeline.kb.entry import ENTITY_TYPES, fold_name
from pipeline.model import article_id_of, canonical_url
from pipeline.model.corrections import folded_words

# What a value of ``overrides.toml`` must look like, and how a wrong one is told.

GENDER = "[FMU]"
TYPE = "|".join(ENTITY_TYPES)
ARTICLE = r"[0-9a-f]{32}|https?://\S+"


def check_text(origin: str, key: str, value: object, *, field: str, patterns: Mapping[str, str]) -> str:
    """Return a text that fits its field's pattern. Raises: ConfigError naming the key."""
    if field not in patterns:
        raise override_error(origin, key, f"is unknown; known are {', '.join(patterns)}")
    if not isinstance(value, str) or not re.fullmatch(patterns[field], value):
        raise override_error(origin, key, f"must look like {patterns[field]} (got {value!r})")
    return value


def article_id_at(url: str | None) -> str | None:
    """Return the id of the article that has its home at an address; None for what is no address on the web."""
    try:
        return None if url is None else article_id_of(canonical=canonical_url(url), text="")
    except ValueError:
        return None


def resolve_scope_key(origin: str, key: str, value: str) -> str:
    """Return a source's key or an article's id as it is, a URL as the id of its article. Raises: ConfigError."""
    if not value.startswith("http"):
        return value
    article_id = article_id_at(value)
    if article_id is None:
        raise override_error(origin, key, f"is no address of an article (got {value!r})")
    return article_id


def override_error(origin: str, key: str, what: str) -> ConfigError:
    """Return what to raise for a wrong key. ``origin`` is the file that it stands in."""
    return ConfigError(f"{origin}: {key} {what}", key=key, reason="overrides_key")


# Corrections of one quote in one article: who said it, or that it is none.

_QUOTE_PATTERNS = {
    "article": ARTICLE,
    "quote": r"(?s:.*\w.*)",
    "speaker": r"|\S(?s:.*\S)?",
    "qid": "Q[1-9][0-9]*",
    "type": TYPE,
    "gender": GENDER,
}
_QUOTE_KEYS = (*_QUOTE_PATTERNS, "occurrence", "is_quote")
_SPEAKER_KEYS = ("speaker", "qid", "type", "gender")


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteOverride:
    """What a person says of one quote, which holds ``words`` (folded). ``key`` is where that stands in the file.

    ``occurrence``: of the quotes that these words mean, the how-manieth, from 1; None where one alone may fit.
    ``speaker`` is a name, "" for nobody; None with a ``qid`` alone. All of them are None where it is no quote.
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
        """What sorts the corrections of one article, and tells two of one quote."""
        return self.folded, self.occurrence or 0


def read_quotes(origin: str, written: object) -> Mapping[str, tuple[QuoteOverride, ...]]:
    """Return the corrections of quotes by article id, sorted: the order of the file says nothing.

    Raises: ConfigError naming the wrong key.
    """
    found: dict[str, dict[object, QuoteOverride]] = {}
    for key, entry in _quote_entries(origin, written):
        article_id, said = _quote_override(origin, key, entry)
        if said.order in found.setdefault(article_id, {}):
            raise override_error(origin, key, "corrects this quote a second time")
        found[article_id][said.order] = said
    return {each: tuple(sorted(said.values(), key=lambda one: one.order)) for each, said in sorted(found.items())}


def _quote_entries(origin: str, written: object) -> Iterator[tuple[str, Mapping[str, object]]]:
    if not isinstance(written, list):
        raise override_error(origin, "quotes", "must stand in double brackets: [[quotes]]")
    for place, entry in enumerate(written):
        if not isinstance(entry, dict):
            raise override_error(origin, f"quotes[{place}]", f"must be a table with {', '.join(_QUOTE_KEYS)}")
        yield f"quotes[{place}]", entry


def _quote_override(origin: str, key: str, entry: Mapping[str, object]) -> tuple[str, QuoteOverride]:
    told = {name: _quote_value(origin, f"{key}.{name}", name, value) for name, value in entry.items()}
    for name in ("article", "quote"):
        if name not in told:
            raise override_error(origin, f"{key}.{name}", "is missing: it says which quote is meant")
    _refuse_contradictions(origin, key, told)
    words = str(told["quote"])
    said = QuoteOverride(
        key=key,
        words=words,
        folded=folded_words(words),
        occurrence=told.get("occurrence"),  # type: ignore[arg-type]  # all are checked by ``_quote_value``
        is_quote="is_quote" not in told,
        speaker=told.get("speaker"),  # type: ignore[arg-type]
        qid=told.get("qid"),  # type: ignore[arg-type]
        entity_type=told.get("type"),  # type: ignore[arg-type]
        gender=told.get("gender"),  # type: ignore[arg-type]
    )
    return resolve_scope_key(origin, f"{key}.article", str(told["article"])), said


def _quote_value(origin: str, key: str, name: str, value: object) -> str | int:
    if name == "occurrence":
        if type(value) is not int or value < 1:
            raise override_error(origin, key, f"must be a number from 1 (got {value!r})")
        return value
    if name == "is_quote":
        if value is not False:
            raise override_error(origin, key, f"can only be false (got {value!r})")
        return value
    return check_text(
        origin, key, value, field=name, patterns={each: _QUOTE_PATTERNS.get(each, "") for each in _QUOTE_KEYS}
    )


def _refuse_contradictions(origin: str, key: str, told: Mapping[str, object]) -> None:
    saying = [name for name in _SPEAKER_KEYS if name in told]
    if "is_quote" in told and saying:
        raise override_error(origin, f"{key}.{saying[0]}", "says who speaks what is no quote; leave one of the two out")
    if "is_quote" not in told and not {"speaker", "qid"} & told.keys():
        raise override_error(origin, key, "says nothing; give speaker, qid, or is_quote = false")
    if told.get("speaker") == "" and len(saying) > 1:
        raise override_error(origin, f"{key}.{saying[1]}", 'says something of nobody; speaker = "" stands alone')


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
