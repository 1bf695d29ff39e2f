"""The page /desk of Newsroom, and its JSON at /desk.json."""

from datetime import date

from newslake.pipeline.addons.newsroom.page_request import NewsroomRequest, PageAnswer
from newslake.pipeline.addons.newsroom.rendering import TEMPLATES, page
from newslake_desk.counts import count_articles

DESK = TEMPLATES.extend("newslake_desk")


def answer_desk(request: NewsroomRequest) -> PageAnswer:
    """Return the counts of the day in the query, else of today."""
    day = date.fromisoformat(request.query["day"]) if "day" in request.query else request.today
    counts = count_articles(request.lake, day)
    values = {"day": day.isoformat(), "counts": counts}
    return PageAnswer(lambda: values, lambda: page("desk.html", templates=DESK, root=request.root, **values), DESK)
