"""The answers of the pages and files of Newsroom itself. Each loads the modules of its page with its first request."""

from functools import partial
from typing import TYPE_CHECKING

from newslake.pipeline.addons.newsroom.page_request import HttpAnswer, NewsroomRequest, PageAnswer
from newslake.pipeline.errors import ConfigError

if TYPE_CHECKING:
    from newslake.pipeline.addons.newsroom.pages.saved_queries import QuestionRequest
    from newslake.pipeline.addons.newsroom.queries.people import EntityKind


def answer_pages(request: NewsroomRequest) -> PageAnswer:
    """Answer with the list of pages that coverage counts."""
    from newslake.pipeline.addons.newsroom.pages.json_pages import list_page_outcomes
    from newslake.pipeline.addons.newsroom.pages.outcomes import pages_page

    lake, query, today = request.lake, request.query, request.today
    html = partial(pages_page, lake, query, today=today, root=request.root, choices=request.source_keys)
    return PageAnswer(partial(list_page_outcomes, lake, query, today=today), html)


def answer_why(request: NewsroomRequest) -> PageAnswer:
    """Answer with the provenance of a page, an article or a row; without one, with the form."""
    from newslake.pipeline.addons.newsroom.pages.outcomes import why_form, why_page
    from newslake.pipeline.show.provenance import trace_provenance

    subject = request.query.get("url", "").strip()
    if not subject:
        return PageAnswer(_refuse_missing_url, partial(why_form, root=request.root))
    provenance = trace_provenance(request.workspace, subject)
    return PageAnswer(lambda: provenance, lambda: why_page(provenance, root=request.root))


def _refuse_missing_url() -> object:
    message = "url is missing: give a URL, an article_id, or a row such as ARTICLE_ID:quotes:3."
    raise ConfigError(message, key="url")


def answer_articles(request: NewsroomRequest) -> PageAnswer:
    """Answer with the list of articles."""
    from newslake.pipeline.addons.newsroom.pages.articles import articles_page
    from newslake.pipeline.addons.newsroom.pages.json_pages import list_articles

    lake, query, today = request.lake, request.query, request.today
    return PageAnswer(
        partial(list_articles, lake, query, today=today),
        partial(articles_page, lake, query, today=today, root=request.root),
    )


def answer_article(request: NewsroomRequest) -> PageAnswer:
    """Answer with an article. Raises: ConfigError (no_such_article)."""
    from newslake.pipeline.addons.newsroom.pages.article import newsroom_article
    from newslake.pipeline.show.article import article_page
    from newslake.pipeline.show.article_view import view_article

    article_id = request.parameters["article_id"]
    view = view_article(request.workspace, article_id)
    if view is None:
        message = f"The lake has no article {article_id}."
        raise ConfigError(message, key="article_id", reason="no_such_article")

    def html() -> str:
        article = article_page(
            view.rows,
            origin=view.origin,
            published_date=view.published_date,
            provenance=view.provenance,
            versions=view.versions,
        )
        return newsroom_article(article, root=request.root)

    return PageAnswer(lambda: view, html)


def answer_people(request: NewsroomRequest) -> PageAnswer:
    """Answer with the list of people."""
    return _answer_entities(request, "person")


def answer_organisations(request: NewsroomRequest) -> PageAnswer:
    """Answer with the list of organisations."""
    return _answer_entities(request, "organisation")


def answer_person(request: NewsroomRequest) -> PageAnswer:
    """Answer with a person. Raises: ConfigError (no_such_entity)."""
    return _answer_entity(request, "person")


def answer_organisation(request: NewsroomRequest) -> PageAnswer:
    """Answer with an organisation. Raises: ConfigError (no_such_entity)."""
    return _answer_entity(request, "organisation")


def _answer_entities(request: NewsroomRequest, kind: "EntityKind") -> PageAnswer:
    from newslake.pipeline.addons.newsroom.pages.people import list_entities, people_page

    entities = list_entities(request.lake, kind, request.query, today=request.today)
    return PageAnswer(lambda: entities, partial(people_page, entities, root=request.root, choices=request.source_keys))


def _answer_entity(request: NewsroomRequest, kind: "EntityKind") -> PageAnswer:
    from newslake.pipeline.addons.newsroom.pages.people import entity_page, read_entity

    entity_id = request.parameters["entity_id"]
    entity = read_entity(request.lake, kind, entity_id, request.query, today=request.today)
    if entity is None:
        message = f"No article of these days mentions the {kind} {entity_id}: select other days."
        raise ConfigError(message, key="entity_id", reason="no_such_entity")
    return PageAnswer(lambda: entity, lambda: entity_page(entity, request.query, root=request.root))


def answer_events(request: NewsroomRequest) -> PageAnswer:
    """Answer with the timeline of events."""
    from newslake.pipeline.addons.newsroom.pages.events import events_page, list_events

    timeline = list_events(request.lake, request.query, today=request.today)
    html = partial(events_page, timeline, request.query, root=request.root, choices=request.source_keys)
    return PageAnswer(lambda: timeline, html)


def answer_event_map(request: NewsroomRequest) -> PageAnswer:
    """Answer with the map of events."""
    from newslake.pipeline.addons.newsroom.pages.events import event_map_page, list_places

    event_map = list_places(request.lake, request.query, today=request.today)
    html = partial(event_map_page, event_map, root=request.root, choices=request.source_keys)
    return PageAnswer(lambda: event_map, html)


def answer_questions(request: NewsroomRequest) -> PageAnswer:
    """Answer with the list of saved questions."""
    from newslake.pipeline.addons.newsroom.pages.json_pages import question_entries
    from newslake.pipeline.addons.newsroom.pages.saved_queries import questions_page

    return PageAnswer(question_entries, partial(questions_page, root=request.root))


def answer_question(request: NewsroomRequest) -> PageAnswer:
    """Answer with a saved question and its rows. Raises: ConfigError (no_such_question)."""
    from newslake.pipeline.addons.newsroom.pages.json_pages import question_answer
    from newslake.pipeline.addons.newsroom.pages.saved_queries import question_page

    lake, question = request.lake, _question_request(request)
    return PageAnswer(
        partial(question_answer, lake, question), partial(question_page, lake, question, root=request.root)
    )


def answer_question_svg(request: NewsroomRequest) -> HttpAnswer:
    """Answer with the chart of a saved question."""
    from newslake.pipeline.addons.newsroom.pages.saved_queries import question_svg
    from newslake.pipeline.addons.newsroom.rendering import chart_policy

    is_narrow = request.query.get("width") == "phone"
    svg = question_svg(request.lake, _question_request(request), is_narrow=is_narrow)
    return HttpAnswer(svg, "image/svg+xml", {"Content-Security-Policy": chart_policy()})


def answer_question_csv(request: NewsroomRequest) -> HttpAnswer:
    """Answer with all rows of a saved question."""
    from newslake.pipeline.addons.newsroom.pages.saved_queries import question_csv

    question = _question_request(request)
    disposition = f'attachment; filename="{question.question.slug}.csv"'
    rows = question_csv(request.lake, question)
    return HttpAnswer(rows, "text/csv; charset=utf-8", {"Content-Disposition": disposition})


def _question_request(request: NewsroomRequest) -> "QuestionRequest":
    from newslake.pipeline.addons.newsroom.pages.saved_queries import parse_question_request

    return parse_question_request(request.parameters["slug"], request.query)
