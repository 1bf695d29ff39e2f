"""The pages of Newsroom: what each address answers. Each reads, and nothing here writes."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from fastapi import HTTPException, Request, Response
from fastapi.responses import HTMLResponse

if TYPE_CHECKING:
    from pipeline.jobs.workspace import Workspace
    from pipeline.web.saved_queries import QuestionRequest

PageHandler = Callable[[Request, str], Response]
_COVERAGE_DAYS = 14
_SVG_POLICY = "default-src 'none'; style-src 'none'"  # of a picture opened by itself


def _workspace() -> "Workspace":
    from pipeline.jobs.workspace import Workspace
    from pipeline.settings import Settings

    return Workspace(Settings.load())


def _coverage(request: Request, root: str) -> Response:
    from pipeline.reports.coverage import coverage
    from pipeline.web.coverage import coverage_page
    from pipeline.web.rendering import parse_period, parse_text

    space, query = _workspace(), request.query_params
    first, last = parse_period(query, last=space.settings.now().date(), days=_COVERAGE_DAYS)
    source = parse_text(query, "source")
    found = coverage(space, first=first, last=last, source_keys=[source] if source else ())
    return HTMLResponse(coverage_page(found, root=root, source_key=source or ""))


def _pages(request: Request, root: str) -> Response:
    from pipeline.web.outcomes import pages_page

    settings = _workspace().settings
    return HTMLResponse(pages_page(settings.lake_dir, request.query_params, today=settings.now().date(), root=root))


def _why(request: Request, root: str) -> Response:
    from pipeline.reports.provenance import trace_provenance
    from pipeline.web.outcomes import why_page

    asked = request.query_params.get("url", "").strip()
    if not asked:
        raise HTTPException(400, "url: name a page, an article_id, or a row such as ARTICLE_ID:quotes:3.")
    return HTMLResponse(why_page(trace_provenance(_workspace(), asked), root=root))


def _articles(request: Request, root: str) -> Response:
    from pipeline.web.articles import articles_page

    settings = _workspace().settings
    return HTMLResponse(articles_page(settings.lake_dir, request.query_params, today=settings.now().date(), root=root))


def _article(request: Request, root: str) -> Response:
    from pipeline.reports.article_view import view_article
    from pipeline.web.article import article_page, newsroom_article

    article_id = request.path_params["article_id"]
    found = view_article(_workspace(), article_id)
    if found is None:
        raise HTTPException(404, f"The lake has no article {article_id}.")
    shown = article_page(found.rows, origin=found.origin, receipt=found.receipt, versions=found.versions)
    return HTMLResponse(newsroom_article(shown, root=root))


def _questions(request: Request, root: str) -> Response:
    from pipeline.web.saved_queries import questions_page

    return HTMLResponse(questions_page(root=root))


def _question(request: Request, root: str) -> Response:
    from pipeline.web.saved_queries import question_page

    return HTMLResponse(question_page(_workspace().settings.lake_dir, _question_request(request), root=root))


def _question_svg(request: Request, root: str) -> Response:
    from pipeline.web.saved_queries import question_svg

    drawn = question_svg(_workspace().settings.lake_dir, _question_request(request))
    return Response(drawn, media_type="image/svg+xml", headers={"Content-Security-Policy": _SVG_POLICY})


def _question_csv(request: Request, root: str) -> Response:
    from pipeline.web.saved_queries import question_csv

    asked = _question_request(request)
    rows = question_csv(_workspace().settings.lake_dir, asked)
    name = f'attachment; filename="{asked.question.slug}.csv"'
    return Response(rows, media_type="text/csv; charset=utf-8", headers={"Content-Disposition": name})


def _question_request(request: Request) -> "QuestionRequest":
    from pipeline.web.saved_queries import parse_question_request

    return parse_question_request(request.path_params["slug"], request.query_params)


PAGES: Mapping[str, PageHandler] = {
    "/": _coverage,
    "/coverage": _coverage,
    "/pages": _pages,
    "/why": _why,
    "/articles": _articles,
    "/articles/{article_id}": _article,
    "/questions": _questions,
    "/questions/{slug}.svg": _question_svg,
    "/questions/{slug}.csv": _question_csv,
    "/questions/{slug}": _question,
}
