"""Corrections of one quote in one article: who said it, or that it is none."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from pipeline.kb.override_keys import ARTICLE, GENDER, TYPE, check_text, override_error, resolve_scope_key
from pipeline.model.corrections import folded_words

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
