"""Corrections beside the committed rows: which articles each concerns, and which have nothing left to correct."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow.compute as pc

from pipeline.jobs.knowledge import names_by_article, outdated_articles
from pipeline.kb import KnowledgeBase, NameLine, QuoteOverride
from pipeline.kb.fold import fold_name
from pipeline.kb.override_keys import article_id_at
from pipeline.lake import Lake, StoredArticle
from pipeline.model.corrections import folded_words, holds_words, matching_quotes
from pipeline.nlp.quotes.overrides import RULE

_SCOPE_COLUMNS = ("article_id", "url", "source_key")


@dataclass(frozen=True, slots=True)
class StaleCorrection:
    """A correction of a quote that corrects nothing, by its ``key`` in the file."""

    key: str
    article_id: str
    why: str


def articles_with(lake: Lake, lines: Collection[NameLine]) -> Mapping[NameLine, tuple[str, ...]]:
    """Return the committed articles that hold the name of each line, where the line holds; sorted."""
    wanted = {line.name for line in lines}
    found: dict[NameLine, set[str]] = {line: set() for line in lines}
    for day in lake.days() if lines else ():
        names = {
            article_id: wanted & {fold_name(text) for texts in groups.values() for text in texts}
            for article_id, groups in names_by_article(lake, day).items()
        }
        for article in lake.read("articles", days=[day], columns=_SCOPE_COLUMNS).to_pylist():
            for line in lines:
                if line.name in names.get(article["article_id"], ()) and _applies(line, article):
                    found[line].add(article["article_id"])
    return {line: tuple(sorted(ids)) for line, ids in found.items()}


def _applies(line: NameLine, article: Mapping[str, Any]) -> bool:
    kind, place = line.scope
    if kind == "source":
        return bool(article["source_key"] == place)
    return kind == "" or place in (article["article_id"], article_id_at(article["url"]))


def articles_at(lake: Lake, places: Collection[str]) -> Mapping[str, str]:
    """Return the committed article of each place that has one: its own id, or the id of the address where it was.

    An article whose page names another address as its home is found by both.
    """
    own = {each: each for each in lake.index.stored(places)}
    lost = set(places) - own.keys()
    for day in lake.days() if lost else ():
        urls = lake.read("articles", days=[day], columns=("article_id", "url"))
        for article_id, url in zip(*(column.to_pylist() for column in urls.columns), strict=True):
            if (place := article_id_at(url)) in lost:
                own[str(place)] = article_id
    return own


def stale_corrections(lake: Lake, knowledge: KnowledgeBase, *, version: str) -> tuple[StaleCorrection, ...]:
    """Return the corrections of quotes that the committed rows show to correct nothing, in the order of the file.

    One that the next derive is still to apply is not stale while its words are there. ``version`` is the pipeline's.
    """
    quotes = knowledge.corrections.quotes
    at = articles_at(lake, quotes)
    stored = lake.index.stored(at.values())
    found = []
    for place, said in quotes.items():
        if place not in at:
            found += [StaleCorrection(each.key, place, f"the lake has no article {place}") for each in said]
            continue
        whys = _stale_reasons(lake, knowledge, said, (at[place], stored[at[place]]), version=version)
        found += [
            StaleCorrection(each.key, at[place], why) for each, why in zip(said, whys, strict=True) if why is not None
        ]
    return tuple(sorted(found, key=lambda each: (len(each.key), each.key)))  # quotes[9], quotes[10]


def _stale_reasons(
    lake: Lake,
    knowledge: KnowledgeBase,
    said: Iterable[QuoteOverride],
    article: tuple[str, StoredArticle],
    *,
    version: str,
) -> Iterator[str | None]:
    article_id, row = article
    text = _rows(lake, "articles", article_id, row, ("article_id", "text"))[0]["text"]
    quotes = _rows(lake, "quotes", article_id, row, ("article_id", "quote_text", "rule_id"))
    otherwise = set(outdated_articles(lake, row.published_date, knowledge))
    is_current = row.pipeline_version == version and article_id not in otherwise
    told = folded_words(text)
    return (_stale_reason(each, quotes, told, is_current=is_current) for each in said)


def _stale_reason(
    each: QuoteOverride, quotes: Iterable[Mapping[str, Any]], told: tuple[str, ...], *, is_current: bool
) -> str | None:
    """Return why a correction corrects nothing; None where it does, or is about to."""
    rules = [quote["rule_id"] for quote in quotes]
    found = matching_quotes([quote["quote_text"] for quote in quotes], each.words)
    if not holds_words(told, each.folded):
        return "the article does not hold these words"
    if each.is_quote and not found:
        return "no quote of the article holds these words"
    is_put_on = any(rules[at] == RULE for at in found) if each.is_quote else not found
    if is_current and not is_put_on and each.occurrence is None:
        return (
            f"{len(found)} quotes hold these words, and it could not be put on one; `newslake override check` says why"
        )
    return None


def _rows(lake: Lake, table: str, article_id: str, row: StoredArticle, columns: tuple[str, ...]) -> list[Any]:
    day = lake.read(table, days=[row.published_date], columns=columns)
    rows: list[Any] = day.filter(pc.equal(day["article_id"], article_id)).to_pylist()
    return rows
