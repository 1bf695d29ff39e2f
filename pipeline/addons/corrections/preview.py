"""Try corrections: which articles each line of ``overrides.toml`` touches and which rows it would change.

Nothing is written. The module also finds stale corrections, which no longer have an effect.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow.compute as pc

from newslake.pipeline.boundary import run_isolated
from newslake.pipeline.derive import readers_of
from newslake.pipeline.errors import ConfigError, NewsError
from newslake.pipeline.jobs.clean import latest_content
from newslake.pipeline.jobs.knowledge import names_by_article, outdated_articles
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.kb import (
    Corrections,
    KnowledgeBase,
    NameLine,
    QuoteOverride,
    load_kb,
    parse_overrides,
    read_overrides,
)
from newslake.pipeline.kb.entry import fold_name
from newslake.pipeline.kb.overrides import NO_CORRECTIONS, article_id_at
from newslake.pipeline.lake import StoredArticle
from newslake.pipeline.model import Annotation, Article, Entity, Event, Quote, Rejected
from newslake.pipeline.model.corrections import folded_words, holds_words, matching_quotes
from newslake.pipeline.nlp import why_not_annotated
from newslake.pipeline.nlp.quotes.overrides import RULE, correct_quotes
from newslake.pipeline.store.tables import Tables


@dataclass(frozen=True, slots=True, kw_only=True)
class RowChange:
    """One changed value of one row. ``text`` is that of the row. Without ``column``, the row appears or disappears."""

    article_id: str
    table: str
    text: str
    column: str | None
    before: object
    after: object


@dataclass(frozen=True, slots=True, kw_only=True)
class LineCheck:
    """One line: its ``key`` in the file, the name or quote it is ``about``, and the articles that it touches.

    ``problem`` says why the line has no effect, if so.
    """

    key: str
    about: str
    articles: tuple[str, ...]
    problem: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OverrideCheck:
    """The effects of lines.

    ``read`` are the articles that were annotated without and with the lines. ``skipped`` counts the articles over the
    limit. ``unread`` says, per article, why it could not be annotated. ``to_process`` counts the articles that the next
    runs process again.
    """

    lines: tuple[LineCheck, ...]
    changes: tuple[RowChange, ...]
    read: tuple[str, ...]
    unread: Mapping[str, str]
    skipped: int
    to_process: int

    @property
    def is_ok(self) -> bool:
        return not self.unread and all(each.problem is None for each in self.lines)


@dataclass(frozen=True, slots=True)
class _CorrectionSets:
    """Corrections without the tried lines, with them, and the tried lines alone."""

    before: Corrections
    after: Corrections
    tried: Corrections


def check_overrides(
    workspace: Workspace, *, file: Path | None, line: str | None, articles: Sequence[str], limit: int
) -> OverrideCheck:
    """Return the effects of all lines of a file, or of the text ``line`` appended to it.

    With ``articles`` (ids or URLs), only these are checked, and only the lines that touch one of them. At most
    ``limit`` articles are read from the archive. Raises: ConfigError for an invalid key or a missing file.
    """
    corrections = _load_corrections(file or workspace.settings.overrides_file, line)
    touched = _articles_by_line(workspace, corrections.tried)
    wanted = _selected_articles(workspace, articles)
    if wanted:
        touched = {
            key: found for key, ids in touched.items() if (found := tuple(each for each in ids if each in wanted))
        }
    ids = sorted({each for found in touched.values() for each in found})
    base = load_kb(store=workspace.settings.kb_path)
    done = _read(workspace, base, corrections, ids[:limit])
    return OverrideCheck(
        lines=tuple(_check_lines(corrections.tried, touched, done.problems)),
        changes=tuple(done.changes),
        read=tuple(each for each in ids[:limit] if each not in done.unread),
        unread=done.unread | {each: "no correction affects it" for each in sorted(wanted - set(ids))},
        skipped=len(ids[limit:]),
        to_process=_count_to_process(workspace, base.under(corrections.after), ids),
    )


def _selected_articles(workspace: Workspace, articles: Sequence[str]) -> set[str]:
    places = [article_id_at(each) or each for each in articles]
    at = articles_at(workspace.lake, places)
    return {at.get(each, each) for each in places}


def _load_corrections(path: Path, line: str | None) -> _CorrectionSets:
    if line is None and not path.is_file():
        raise ConfigError(f"{path}: no such file; name one with --file, or give --line", key=str(path))
    before = read_overrides(path)
    if line is None:
        return _CorrectionSets(NO_CORRECTIONS, before, before)
    if not parse_overrides(line, origin="--line"):
        raise ConfigError(
            '--line corrects nothing; paste [[names."Full Name"]] or [[quotes]] with its keys', key="line"
        )
    text = path.read_text("utf-8") if path.is_file() else ""
    after = parse_overrides(f"{text}\n{line}", origin=f"{path} with --line at its end")
    return _CorrectionSets(before, after, _added_corrections(before, after))


def _added_corrections(before: Corrections, after: Corrections) -> Corrections:
    """Return the corrections that ``after`` adds to ``before``."""
    known = {(each.name, each.scope) for each in before.lines}
    lines = tuple(each for each in after.lines if (each.name, each.scope) not in known)
    quotes = {
        article_id: tuple(each for each in said if each not in before.quotes.get(article_id, ()))
        for article_id, said in after.quotes.items()
    }
    return Corrections(after.by_name, {each: said for each, said in quotes.items() if said}, lines)


def _articles_by_line(workspace: Workspace, tried: Corrections) -> dict[str, tuple[str, ...]]:
    """Return the articles that each line touches, by its key."""
    named = articles_with(workspace.lake, tried.lines)
    at = articles_at(workspace.lake, tried.quotes)
    quotes = {each.key: (at[place],) if place in at else () for place, said in tried.quotes.items() for each in said}
    return {**{line.key: ids for line, ids in named.items()}, **quotes}


def _check_lines(
    tried: Corrections, touched: Mapping[str, tuple[str, ...]], problems: Mapping[str, str]
) -> Iterator[LineCheck]:
    about = {each.key: (each.name, "no article in the scope of the line contains this name") for each in tried.lines}
    quotes = [(each, place) for place, said in tried.quotes.items() for each in said]
    for each, place in sorted(quotes, key=lambda pair: (len(pair[0].key), pair[0].key)):  # quotes[9], quotes[10]
        about[each.key] = (each.words, f"the lake has no article {place}")
    for key, (words, untouched) in about.items():
        if key in touched:
            problem = problems.get(key) if touched[key] else untouched
            yield LineCheck(key=key, about=words, articles=touched[key], problem=problem)


def _count_to_process(workspace: Workspace, knowledge: KnowledgeBase, ids: Collection[str]) -> int:
    days = {row.published_date for row in workspace.lake.index.stored(ids).values()}
    return len({each for day in sorted(days) for each in outdated_articles(workspace.lake, day, knowledge)} & set(ids))


@dataclass(frozen=True, slots=True)
class _ReadResult:
    """The result of reading. ``problems`` are those of quote corrections, by key; ``unread`` says why, per article."""

    changes: list[RowChange] = field(default_factory=list)
    problems: dict[str, str] = field(default_factory=dict)
    unread: dict[str, str] = field(default_factory=dict)


def _read(workspace: Workspace, base: KnowledgeBase, corrections: _CorrectionSets, ids: Sequence[str]) -> _ReadResult:
    """Annotate articles without and with the lines; the model is loaded only if there is an article."""
    done = _ReadResult()
    articles = []
    for article_id in ids:
        captures = workspace.archive.captures(article_id=article_id)
        got = latest_content(workspace, captures) if captures else "its page is no longer in the archive"
        if isinstance(got, Article):
            articles.append(replace(got, article_id=article_id))
        else:
            done.unread[article_id] = got.detail if isinstance(got, Rejected) else str(got)
    if articles:
        _read_articles(workspace, base, corrections, articles, done)
    return done


def _read_articles(
    workspace: Workspace,
    base: KnowledgeBase,
    corrections: _CorrectionSets,
    articles: Sequence[Article],
    done: _ReadResult,
) -> None:
    settings, after = workspace.settings, base.under(corrections.after)
    without_quotes = base.under(replace(corrections.after, quotes={}))
    readers = readers_of(settings, base.under(corrections.before), after, without_quotes)
    for article, doc in readers[0].docs(articles):
        if doc is None or isinstance(doc, NewsError):
            done.unread[article.article_id] = why_not_annotated(article) if doc is None else str(doc)
            continue
        read = [run_isolated(partial(reader.annotate, article, doc), key=article.article_id) for reader in readers]
        if broken := [each for each in read if isinstance(each, NewsError)]:
            done.unread[article.article_id] = str(broken[0])
            continue
        was, now, bare = (each for each in read if isinstance(each, Annotation))
        here = after.for_article(article.article_id, url=article.url, source_key=article.source_key)
        tried = {each.key for said in corrections.tried.quotes.values() for each in said}
        unmatched = correct_quotes(bare.quotes, bare.entities, here, infer_gender=settings.infer_gender).unmatched
        done.problems.update({each.override.key: each.why for each in unmatched if each.override.key in tried})
        done.changes.extend(row_changes(article.article_id, was, now))


# Committed articles in the scope of corrections.

_SCOPE_COLUMNS = ("article_id", "url", "source_key")


def articles_with(lake: Tables, lines: Collection[NameLine]) -> Mapping[NameLine, tuple[str, ...]]:
    """Return, per line, the sorted committed articles in its scope that contain its name."""
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


def articles_at(lake: Tables, places: Collection[str]) -> Mapping[str, str]:
    """Return the committed article of each place, if any. A place is an article_id, or the id of a URL.

    An article with another canonical URL on its page is found by both URLs.
    """
    own = {each: each for each in lake.index.stored(places)}
    lost = set(places) - own.keys()
    for day in lake.days() if lost else ():
        urls = lake.read("articles", days=[day], columns=("article_id", "url"))
        for article_id, url in zip(*(column.to_pylist() for column in urls.columns), strict=True):
            if (place := article_id_at(url)) in lost:
                own[str(place)] = article_id
    return own


# Stale corrections of quotes.


@dataclass(frozen=True, slots=True)
class StaleCorrection:
    """A quote correction without effect, and its ``key`` in the file."""

    key: str
    article_id: str
    why: str


def stale_corrections(lake: Tables, knowledge: KnowledgeBase, *, version: str) -> tuple[StaleCorrection, ...]:
    """Return the quote corrections that have no effect on the committed rows, in the order of the file.

    A correction that the next run will apply is not stale while its words are in the article. ``version`` is the
    pipeline version.
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
    lake: Tables,
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
    article_words = folded_words(text)
    return (_stale_reason(each, quotes, article_words, is_current=is_current) for each in said)


def _stale_reason(
    each: QuoteOverride, quotes: Iterable[Mapping[str, Any]], article_words: tuple[str, ...], *, is_current: bool
) -> str | None:
    """Return why a correction has no effect; None if it has one, or will have one after the next run."""
    rules = [quote["rule_id"] for quote in quotes]
    found = matching_quotes([quote["quote_text"] for quote in quotes], each.words)
    if not holds_words(article_words, each.folded):
        return "the article does not contain these words"
    if each.is_quote and not found:
        return "no quote of the article contains these words"
    is_put_on = any(rules[at] == RULE for at in found) if each.is_quote else not found
    if is_current and not is_put_on and each.occurrence is None:
        return f"{len(found)} quotes contain these words, and none takes it; `newslake overrides preview` says why"
    return None


def _rows(lake: Tables, table: str, article_id: str, row: StoredArticle, columns: tuple[str, ...]) -> list[Any]:
    day = lake.read(table, days=[row.published_date], columns=columns)
    rows: list[Any] = day.filter(pc.equal(day["article_id"], article_id)).to_pylist()
    return rows


# Differences between two annotations of one article.

_AnnotationRow = Entity | Quote | Event

# Row numbers, because they shift with every earlier row, and the knowledge version.
_IGNORED_COLUMNS = frozenset({"entity_index", "quote_index", "event_index", "coref_event_index", "kb_version"})
_WORDS: Mapping[type[_AnnotationRow], str] = {Entity: "entity_text", Quote: "quote_text", Event: "trigger_text"}


def row_changes(article_id: str, before: Annotation, after: Annotation) -> tuple[RowChange, ...]:
    """Return the differences by table, in reading order; rows correspond if their offsets are equal."""
    tables: tuple[tuple[str, Sequence[_AnnotationRow], Sequence[_AnnotationRow]], ...] = (
        ("quotes", before.quotes, after.quotes),
        ("entities", before.entities, after.entities),
        ("events", before.events, after.events),
    )
    return tuple(
        RowChange(article_id=article_id, table=table, text=_words(old or new), column=column, before=was, after=now)
        for table, olds, news in tables
        for old, new in _pairs(olds, news)
        for column, was, now in _values(old, new)
    )


def _pairs(
    olds: Sequence[_AnnotationRow], news: Sequence[_AnnotationRow]
) -> list[tuple[_AnnotationRow | None, _AnnotationRow | None]]:
    first, last = _by_place(olds), _by_place(news)
    return [(first.get(place), last.get(place)) for place in sorted(first.keys() | last.keys())]


def _by_place(rows: Sequence[_AnnotationRow]) -> dict[tuple[int, int, int], _AnnotationRow]:
    """Return rows by their offsets; rows with the same offsets are numbered in order."""
    seen: Counter[tuple[int, int]] = Counter()
    found = {}
    for row in rows:
        span = (row.start_char, row.end_char)
        found[(*span, seen[span])] = row
        seen[span] += 1
    return found


def _values(old: _AnnotationRow | None, new: _AnnotationRow | None) -> list[tuple[str | None, object, object]]:
    if old is None or new is None:
        return [(None, "absent" if old is None else "present", "absent" if new is None else "present")]
    pairs = ((field.name, getattr(old, field.name), getattr(new, field.name)) for field in fields(old))
    return [(name, was, now) for name, was, now in pairs if was != now and name not in _IGNORED_COLUMNS]


def _words(row: _AnnotationRow | None) -> str:
    return "" if row is None else str(getattr(row, _WORDS[type(row)]))
