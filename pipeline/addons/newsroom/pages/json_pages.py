"""JSON of the pages of Newsroom: the data of each, which one function writes.

The data of a page are the values of its query, before any text of the page is formed from them: dataclasses become
objects with the same names, times are ISO 8601 in UTC. docs/addons/newsroom.md lists the fields.
"""

import json
from dataclasses import dataclass
from datetime import date

from newslake.pipeline.addons.newsroom.pages.articles import parse_article_cursor, parse_article_filter
from newslake.pipeline.addons.newsroom.pages.outcomes import LONGEST_URL, parse_page_filter
from newslake.pipeline.addons.newsroom.pages.saved_queries import MOST_ROWS, QuestionRequest, run_question
from newslake.pipeline.addons.newsroom.queries.articles import ArticleFilter, ArticleSummary, find_articles, last_day
from newslake.pipeline.addons.newsroom.queries.page_outcomes import PageFilter, PageOutcome, find_page_outcomes
from newslake.pipeline.addons.newsroom.rendering import ERROR_TITLES, UrlQuery, parse_text
from newslake.pipeline.query.result_files import plain_value
from newslake.pipeline.query.saved_queries import list_questions
from newslake.pipeline.show.rendering import make_json_visible
from newslake.pipeline.store.table_files import LakePlace


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleList:
    """One page of the list of articles. ``after`` is the parameter of the next page; None at the end."""

    filters: ArticleFilter
    rows: tuple[ArticleSummary, ...]
    after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PageOutcomeList:
    """One page of the list of pages. ``after`` is the parameter of the next page; None at the end."""

    filters: PageFilter
    rows: tuple[PageOutcome, ...]
    after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionEntry:
    """A saved question of the list. ``options`` has one help text per name."""

    slug: str
    title: str
    about: str
    options: dict[str, str]
    has_chart: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionData:
    """The first rows of an answer, as objects, and what was counted. ``row_count`` is the number of all rows."""

    slug: str
    title: str
    about: str
    parameters: dict[str, object]
    counted: tuple[str, ...]
    columns: tuple[str, ...]
    row_count: int
    rows: list[dict[str, object]]


def to_json(data: object) -> bytes:
    """Return data as JSON in UTF-8. Invisible characters are escaped; numbers that JSON lacks are null."""
    return make_json_visible(json.dumps(plain_value(data), ensure_ascii=False)).encode()


def error_json(status: int, message: str) -> bytes:
    """Return the JSON of an error: its HTTP status, title and message."""
    title = ERROR_TITLES.get(status, "Internal error")
    return to_json({"error": {"status": status, "title": title, "message": message}})


def list_articles(lake: LakePlace, query: UrlQuery, *, today: date) -> ArticleList:
    """Return the articles of a query, as the list shows them. Raises: ConfigError as the list does."""
    filters = parse_article_filter(query, last=last_day(lake) or today)
    rows, is_more = find_articles(lake, filters, after=parse_article_cursor(query))
    after = f"{rows[-1].listed_at.isoformat()},{rows[-1].article_id}" if is_more else None
    return ArticleList(filters=filters, rows=rows, after=after)


def list_page_outcomes(lake: LakePlace, query: UrlQuery, *, today: date) -> PageOutcomeList:
    """Return the pages of a query, as the list shows them. Raises: ConfigError as the list does."""
    filters = parse_page_filter(query, today=today)
    rows, is_more = find_page_outcomes(lake, filters, after=parse_text(query, "after", most=LONGEST_URL))
    return PageOutcomeList(filters=filters, rows=rows, after=rows[-1].url if is_more else None)


def question_entries() -> list[QuestionEntry]:
    """Return all saved questions, without their SQL."""
    return [
        QuestionEntry(
            slug=each.slug,
            title=each.title,
            about=each.about,
            options=dict(each.options),
            has_chart=each.chart is not None,
        )
        for each in list_questions()
    ]


def question_answer(lake: LakePlace, request: QuestionRequest) -> QuestionData:
    """Return the answer to a question with its first ``MOST_ROWS`` rows. Raises: ConfigError as ``query``."""
    with request.connect(lake) as connection:
        answer, denominators = run_question(connection, request)
    question = request.question
    return QuestionData(
        slug=question.slug,
        title=question.title,
        about=question.about,
        parameters={name.rstrip("_"): value for name, value in request.query.items()},
        counted=denominators.sentences(),
        columns=answer.columns,
        row_count=len(answer.rows),
        rows=answer.records()[:MOST_ROWS],
    )
