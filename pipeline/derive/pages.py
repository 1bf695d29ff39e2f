"""Derive pages: from bytes with their URL, headers and times to the annotation tables as Arrow.

The same pages, annotator and version give the same tables. A page that gives no article has its reason.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from itertools import chain

import pyarrow as pa

from newslake.pipeline.boundary import run_isolated
from newslake.pipeline.clean import Origin, clean, page_identity
from newslake.pipeline.derive.annotator import LoadedAnnotator, NoTurns, ReadArticle, Turns, content_of
from newslake.pipeline.errors import ContractError, NewsError
from newslake.pipeline.model import Annotation, Article, Page, Rejected, RightsStatement, pluralize
from newslake.pipeline.model.rights import refusal_of
from newslake.pipeline.tables import ANNOTATION_TABLES, annotation_rows, check_rows, rows_table
from newslake.pipeline.tables.spec import Row, TableSpec

Tables = Mapping[str, pa.Table]
ReadPage = Article | Rejected | NewsError
RowsByTable = Mapping[str, Sequence[Row]]

# Articles that are in memory before they are annotated, so that equal texts are parsed once.
_WINDOW_ARTICLES = 256
_WINDOW_CHARS = 4_000_000
_REFUSED = {
    "tdm_reserved": "its publisher reserves text and data mining: {}; NEWS_TDM_POLICY=record keeps such pages",
    "rsl_license": "its publisher names a license, whose terms newslake does not read: {}; "
    "NEWS_TDM_POLICY=record keeps such pages",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcePage:
    """A page and what is known about it. ``day`` is the published day of an article without a date.

    ``article_id`` is the article that the archive has the page for; None: the one that the page itself names.
    """

    page: Page
    origin: Origin
    day: date
    article_id: str | None = None


@dataclass(frozen=True, slots=True)
class ArticleTables:
    """The rows of some articles by table. ``failed`` are those without rows, each with its error."""

    tables: Tables
    articles: tuple[Article, ...]
    failed: tuple[tuple[Article, NewsError], ...]


@dataclass(frozen=True, slots=True)
class DerivedPages:
    """The rows of pages by table, each with its published day, and why articles have no rows, by article id.

    Tables have the columns of the files of a lake, in their order. Rows are sorted as in these files.
    """

    tables: Tables
    failed: Mapping[str, Rejected | NewsError]


# From a page to an article.


def read_page(page: Callable[[], Page], origin: Origin, *, obeys_rights: bool, key: str) -> ReadPage:
    """Return the article of a page, or why it is rejected, or the error of reading or cleaning it.

    With ``obeys_rights``, a page is rejected if what its publisher says about its use refuses it. ``key`` names the
    page in messages.
    """

    def work() -> Article | Rejected:
        read = clean(
            page(),
            source_key=origin.source_key,
            publisher=origin.publisher,
            payload_digest=origin.payload_digest,
            rules=origin.rules,
            outlets=origin.outlets,
            article_id=origin.article_id,
        )
        return (_refusal_of(read) if obeys_rights and isinstance(read, Article) else None) or read

    return run_isolated(work, key=key)


def _refusal_of(article: Article) -> Rejected | None:
    stated = zip(article.license, article.license_evidence, strict=True)
    refusal = refusal_of(RightsStatement(statement, evidence) for statement, evidence in stated)
    if refusal is None and not article.tdm_reserved:
        return None
    if refusal is None:  # archived before statements were stored
        reason, evidence = "tdm_reserved", "tdmrep.json of its host"
    else:
        reason, evidence = refusal[0], f"{refusal[1].statement!r} ({refusal[1].evidence})"
    return Rejected(reason=reason, detail=_REFUSED[reason].format(evidence), evidence=evidence)


def latest_revision(digests: Sequence[str], read: Callable[[str], ReadPage]) -> ReadPage:
    """Return the latest revision of one article, as cleaned from the first payload that has it.

    ``digests`` are the payloads of its captures, oldest first; ``read`` cleans the first capture of one. Payloads that
    are not an article are skipped. If none is an article, the result is that of the last payload. If newslake fails on
    the last payload, the result is that error: an older revision is not the latest.
    """
    readings: dict[str, ReadPage] = {}

    def once(digest: str) -> ReadPage:
        if digest not in readings:
            readings[digest] = read(digest)
        return readings[digest]

    if isinstance(newest := once(digests[-1]), NewsError):
        return newest
    latest = next((got for each in reversed(digests) if isinstance(got := once(each), Article)), None)
    if latest is None:
        return newest
    same = (got for each in digests if isinstance(got := once(each), Article))
    return next(first for first in same if first.revision_id == latest.revision_id)


# From articles to tables.


def derive_articles(
    articles: Iterable[Article], *, annotator: LoadedAnnotator, version: str, turns: Turns | None = None
) -> Iterator[ArticleTables]:
    """Yield the rows of articles in small groups. Articles with equal texts are parsed once.

    Each article has another ``article_id``. ``turns`` learns which articles are worked on.
    """
    known = turns or NoTurns()
    make = partial(annotation_rows, model_name=annotator.model_name, pipeline_version=version)
    for window in _windows(articles):
        for group in annotator.read_groups(_equal_together(window), turns=known):
            yield _group_tables(group, make, known)


def _windows(articles: Iterable[Article]) -> Iterator[list[Article]]:
    window: list[Article] = []
    chars = 0
    for article in articles:
        window.append(article)
        chars += len(article.text)
        if len(window) == _WINDOW_ARTICLES or chars >= _WINDOW_CHARS:
            yield window
            window, chars = [], 0
    if window:
        yield window


def _equal_together(articles: Sequence[Article]) -> list[Article]:
    """Return articles in their order, but those with the same content right after the first of them."""
    places: dict[object, int] = {}
    for article in articles:
        places.setdefault(content_of(article), len(places))
    return sorted(articles, key=lambda each: places[content_of(each)])


def _group_tables(group: Sequence[ReadArticle], make: Callable[..., RowsByTable], turns: Turns) -> ArticleTables:
    articles_with_rows: list[tuple[Article, RowsByTable]] = []
    failed: list[tuple[Article, NewsError]] = []
    for article, read in group:
        turns.begin(article.article_id)
        got = (
            read
            if isinstance(read, NewsError)
            else run_isolated(partial(_checked_rows, make, article, read), key=article.url or article.article_id)
        )
        if isinstance(got, NewsError):
            failed.append((article, got))
        else:
            articles_with_rows.append((article, got))
    done = _arrow_tables(articles_with_rows, turns)
    return replace(done, failed=(*failed, *done.failed))


def _checked_rows(make: Callable[..., RowsByTable], article: Article, annotation: Annotation | None) -> RowsByTable:
    rows = make(article, annotation)
    breaches = check_rows(rows)
    if breaches:
        raise ContractError(f"{pluralize(len(breaches), 'check')} failed, first: {breaches[0]}", key=article.article_id)
    return rows


def _arrow_tables(articles_with_rows: Sequence[tuple[Article, RowsByTable]], turns: Turns) -> ArticleTables:
    """Return the rows of some articles as Arrow; an article with a value that does not fit its column is left out."""
    articles = tuple(article for article, _ in articles_with_rows)
    turns.begin(*(each.article_id for each in articles))
    name = (articles[0].url or articles[0].article_id) if articles else ""
    work = partial(_rows_as_tables, [rows for _, rows in articles_with_rows])
    tables = run_isolated(work, key=name, log_traceback=len(articles_with_rows) == 1)
    if not isinstance(tables, NewsError):
        return ArticleTables(tables, articles, ())
    if len(articles_with_rows) == 1:
        return ArticleTables(_rows_as_tables(()), (), ((articles[0], tables),))
    return concat_articles(_arrow_tables([each], turns) for each in articles_with_rows)


def _rows_as_tables(rows: Sequence[RowsByTable]) -> Tables:
    return {
        spec.name: rows_table(spec, [row for each in rows for row in each[spec.name]]) for spec in ANNOTATION_TABLES
    }


def concat_articles(groups: Iterable[ArticleTables]) -> ArticleTables:
    """Return the rows of several groups as one."""
    parts = list(groups)
    return ArticleTables(
        {
            spec.name: pa.concat_tables([spec.schema.empty_table(), *(each.tables[spec.name] for each in parts)])
            for spec in ANNOTATION_TABLES
        },
        tuple(chain.from_iterable(each.articles for each in parts)),
        tuple(chain.from_iterable(each.failed for each in parts)),
    )


# From pages to tables.


def derive_pages(
    pages: Iterable[SourcePage], *, annotator: LoadedAnnotator, version: str, obeys_rights: bool = False
) -> DerivedPages:
    """Return the rows of the articles of some pages, and why the other pages have none.

    For callers that have pages in memory, and neither archive nor lake. ``jobs`` reads captures when it needs
    them and stages rows in batches, so it calls the steps of this function one by one: ``read_page``,
    ``latest_revision``, ``derive_articles``. A test compares the rows of both on the sample newsroom.

    Several pages of one article are its revisions: the latest one gives the rows, as it was first fetched. ``version``
    is the pipeline version of the rows. ``obeys_rights`` is as for ``read_page``.
    """
    histories: dict[str, list[SourcePage]] = {}
    for each in sorted(pages, key=lambda each: each.page.fetched_at):
        histories.setdefault(each.article_id or page_identity(each.page).article_id, []).append(each)
    failed: dict[str, Rejected | NewsError] = {}

    def articles() -> Iterator[Article]:
        for article_id, history in histories.items():
            got = _latest_of(history, obeys_rights=obeys_rights)
            if isinstance(got, Article):
                yield replace(got, article_id=article_id)
            else:
                failed[article_id] = got

    done = concat_articles(derive_articles(articles(), annotator=annotator, version=version))
    failed |= {article.article_id: error for article, error in done.failed}
    days = {each.article_id: published_day(each, histories[each.article_id][-1].day) for each in done.articles}
    return DerivedPages(
        {spec.name: _file_table(spec, done.tables[spec.name], days) for spec in ANNOTATION_TABLES}, failed
    )


def _latest_of(history: Sequence[SourcePage], *, obeys_rights: bool) -> ReadPage:
    digests = [each.origin.payload_digest or f"page {number}" for number, each in enumerate(history)]

    def read(digest: str) -> ReadPage:
        each = history[digests.index(digest)]
        key = each.page.url or each.page.hints.file or "a page"
        origin = replace(each.origin, article_id=each.article_id)
        return read_page(lambda: each.page, origin, obeys_rights=obeys_rights, key=key)

    return latest_revision(digests, read)


def published_day(article: Article, otherwise: date) -> date:
    """Return the UTC day of publication of an article; ``otherwise`` if it has no date."""
    return article.published_at.date() if article.published_at is not None else otherwise


def _file_table(spec: TableSpec, table: pa.Table, days: Mapping[str, date]) -> pa.Table:
    day_of_rows = pa.array([days[each] for each in table["article_id"].to_pylist()], pa.date32())
    dated = table.append_column(spec.file_schema.field(spec.day_column), day_of_rows)
    return dated.sort_by([(name, "ascending") for name in (spec.day_column, *spec.sort_by)])
