"""Pages shared by the tests of ``newslake.pipeline.clean``: invented text in publishers' markup."""

from datetime import UTC, datetime

from newslake.pipeline.model import Hints, Page

FETCHED = datetime(2031, 5, 4, 12, 0, tzinfo=UTC)
URL = "https://www.harbourpost.example/news/2031/05/ferry-terminal"

PARAGRAPHS = (
    "The council of Port Arlen voted on Tuesday to build a new ferry terminal on the eastern quay, after a debate "
    "that lasted until midnight and divided the two largest parties.",
    "“We need a harbour that works in winter,” said Mayor Ines Calder, who has promised the terminal since she took "
    "office. “This vote gives us one.”",
    "Opponents say that the cost, put at 40 million crowns, will fall on the fishing families who use the old quay "
    "and who were not asked before the plans were drawn up.",
    "Building is to begin in September and the first ferries are expected two years later, according to the plan "
    "that the council published after the vote.",
)
JSONLD = """<script type="application/ld+json">{"@context":"https://schema.org","@graph":[
{"@type":"Organization","@id":"#org","name":"Harbour Post"},
{"@type":"Person","@id":"#jo","name":"Jo Marrick"},
{"@type":"NewsArticle","headline":"Council backs ferry terminal","datePublished":"2031-05-03T21:30:00+02:00",
"dateModified":"2031-05-04T08:00:00Z","author":[{"@id":"#jo"},{"@type":"Organization","name":"Northwire"}],
"publisher":{"@id":"#org"},"articleSection":"Politics","keywords":["ferries","Port Arlen"]}]}</script>"""


def html_of(*, head: str = JSONLD, title: str = "Council backs ferry terminal", body: str = "", extra: str = "") -> str:
    """Return an article page; ``body`` replaces its paragraphs, ``extra`` follows the first one."""
    paragraphs = [f"<p>{text}</p>" for text in PARAGRAPHS]
    inner = body or "".join((paragraphs[0], extra, *paragraphs[1:]))
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{title} | Harbour Post</title>{head}</head>'
        f"<body><nav><a href='/'>Home</a></nav><main><article><h1>{title}</h1>{inner}</article></main>"
        "<footer><p>© Harbour Post. All rights reserved.</p></footer></body></html>"
    )


def page_of(
    body: str | bytes,
    *,
    url: str | None = URL,
    content_type: str = "text/html; charset=utf-8",
    hints: Hints | None = None,
    **headers: str,
) -> Page:
    """Return a page as fetched; header names have underscores."""
    return Page(
        url=url,
        final_url=url,
        status=200,
        headers={"content-type": content_type} | {name.replace("_", "-"): value for name, value in headers.items()},
        body=body.encode() if isinstance(body, str) else body,
        fetched_at=FETCHED,
        hints=hints or Hints(),
    )
