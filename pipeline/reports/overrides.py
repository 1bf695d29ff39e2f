"""Corrections tried: what each line of ``overrides.toml`` touches, and which rows it would change: nothing kept."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from pipeline.errors import ConfigError, NewsError
from pipeline.jobs.annotator import readers_of
from pipeline.jobs.clean import latest_content
from pipeline.jobs.knowledge import outdated_articles
from pipeline.jobs.outcomes import run_isolated
from pipeline.jobs.workspace import Workspace
from pipeline.kb import Corrections, KnowledgeBase, load_kb, parse_overrides, read_overrides
from pipeline.kb.override_keys import article_id_at
from pipeline.kb.overrides import NO_CORRECTIONS
from pipeline.model import Annotation, Article, Rejected
from pipeline.nlp.quotes.overrides import correct_quotes
from pipeline.reports.corrections import articles_at, articles_with
from pipeline.reports.row_changes import RowChange, row_changes


@dataclass(frozen=True, slots=True, kw_only=True)
class LineCheck:
    """One line: its ``key`` in the file, whom or what it is ``about``, the articles that it touches.

    ``problem`` says why it has no effect; None where it has, or changes nothing that was not so before.
    """

    key: str
    about: str
    articles: tuple[str, ...]
    problem: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OverrideCheck:
    """Effects of lines. ``read`` articles were read twice, without the lines and with them; ``left_out`` would have
    been more than were asked for; ``unread`` could not be, by id, with why. ``to_derive`` are those that the next runs
    of their days read again.
    """

    lines: tuple[LineCheck, ...]
    changes: tuple[RowChange, ...]
    read: tuple[str, ...]
    unread: Mapping[str, str]
    left_out: int
    to_derive: int

    @property
    def is_well(self) -> bool:
        return not self.unread and all(each.problem is None for each in self.lines)


@dataclass(frozen=True, slots=True)
class _CorrectionSets:
    """Corrections without the lines that are tried, with them, and alone."""

    before: Corrections
    after: Corrections
    tried: Corrections


def check_overrides(
    workspace: Workspace, *, file: Path | None, line: str | None, articles: Sequence[str], limit: int
) -> OverrideCheck:
    """Return what all lines of a file do, or with ``line`` what that text would do at its end.

    ``articles`` (ids or addresses), if any, are the only ones looked at, and only lines that touch one of them. At most
    ``limit`` articles are read, from the archive. Raises: ConfigError naming a wrong key, or a file that is not there.
    """
    asked = _load_corrections(file or workspace.settings.overrides_file, line)
    touched = _articles_by_line(workspace, asked.tried)
    wanted = _selected_articles(workspace, articles)
    if wanted:
        touched = {
            key: found for key, ids in touched.items() if (found := tuple(each for each in ids if each in wanted))
        }
    ids = sorted({each for found in touched.values() for each in found})
    base = load_kb(store=workspace.settings.kb_path)
    done = _read(workspace, base, asked, ids[:limit])
    return OverrideCheck(
        lines=tuple(_check_lines(asked.tried, touched, done.problems)),
        changes=tuple(done.changes),
        read=tuple(each for each in ids[:limit] if each not in done.unread),
        unread=done.unread | {each: "no line touches it" for each in sorted(wanted - set(ids))},
        left_out=len(ids[limit:]),
        to_derive=_count_to_derive(workspace, base.under(asked.after), ids),
    )


def _selected_articles(workspace: Workspace, articles: Sequence[str]) -> set[str]:
    places = [article_id_at(each) or each for each in articles]
    at = articles_at(workspace.lake, places)
    return {at.get(each, each) for each in places}


def _load_corrections(path: Path, line: str | None) -> _CorrectionSets:
    if line is None and not path.is_file():
        raise ConfigError(f"{path}: there is no such file; name one with --file, or give --line", key=str(path))
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
    """Return the corrections that are not among others."""
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
    about = {
        each.key: (each.name, "no article of the lake holds this name, where the line is for") for each in tried.lines
    }
    quotes = [(each, place) for place, said in tried.quotes.items() for each in said]
    for each, place in sorted(quotes, key=lambda pair: (len(pair[0].key), pair[0].key)):  # quotes[9], quotes[10]
        about[each.key] = (each.words, f"the lake has no article {place}")
    for key, (words, untouched) in about.items():
        if key in touched:
            problem = problems.get(key) if touched[key] else untouched
            yield LineCheck(key=key, about=words, articles=touched[key], problem=problem)


def _count_to_derive(workspace: Workspace, knowledge: KnowledgeBase, ids: Collection[str]) -> int:
    days = {row.published_date for row in workspace.lake.index.stored(ids).values()}
    return len({each for day in sorted(days) for each in outdated_articles(workspace.lake, day, knowledge)} & set(ids))


@dataclass(frozen=True, slots=True)
class _ReadResult:
    """What reading gave. ``problems`` are of corrections of quotes, by key; ``unread`` says why, by article."""

    changes: list[RowChange] = field(default_factory=list)
    problems: dict[str, str] = field(default_factory=dict)
    unread: dict[str, str] = field(default_factory=dict)


def _read(workspace: Workspace, base: KnowledgeBase, asked: _CorrectionSets, ids: Sequence[str]) -> _ReadResult:
    """Read articles without and with the lines; the model is loaded where there is one to read."""
    done = _ReadResult()
    articles = []
    for article_id in ids:
        captures = workspace.archive.captures(article_id=article_id)
        got = latest_content(workspace, captures) if captures else "the archive has no page of it any more"
        if isinstance(got, Article):
            articles.append(replace(got, article_id=article_id))
        else:
            done.unread[article_id] = got.detail if isinstance(got, Rejected) else str(got)
    if articles:
        _read_articles(workspace, base, asked, articles, done)
    return done


def _read_articles(
    workspace: Workspace, base: KnowledgeBase, asked: _CorrectionSets, articles: Sequence[Article], done: _ReadResult
) -> None:
    settings, after = workspace.settings, base.under(asked.after)
    without_quotes = base.under(replace(asked.after, quotes={}))
    readers = readers_of(settings, base.under(asked.before), after, without_quotes)
    for article, doc in readers[0].docs(articles, batch_size=settings.nlp_batch_size):
        if doc is None:
            done.unread[article.article_id] = "there are no words for its language"
            continue
        read = [run_isolated(partial(reader.annotate, article, doc), key=article.article_id) for reader in readers]
        if broken := [each for each in read if isinstance(each, NewsError)]:
            done.unread[article.article_id] = str(broken[0])
            continue
        was, now, bare = (each for each in read if isinstance(each, Annotation))
        here = after.for_article(article.article_id, url=article.url, source_key=article.source_key)
        tried = {each.key for said in asked.tried.quotes.values() for each in said}
        unmatched = correct_quotes(bare.quotes, bare.entities, here, infer_gender=settings.infer_gender).unmatched
        done.problems.update({each.override.key: each.why for each in unmatched if each.override.key in tried})
        done.changes.extend(row_changes(article.article_id, was, now))
