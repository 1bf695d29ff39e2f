"""The output of `newslake clean` for one page."""

from datetime import UTC, datetime

from pipeline.clean import extract
from pipeline.model import Page
from pipeline.reports.documents import extraction_object


def test_extraction_has_the_credits_and_their_kinds() -> None:
    """`credits` are names as on the page, `credit_kinds` the kind of each, in the same order."""
    node = '{"@type":"Article","author":[{"name":"Jo Marrick"},{"name":"Northwire"},{"name":"Sports Desk"}]}'
    body = "<h1>Ferry</h1><p>The ferry sails again after two long winters in the yard of the town.</p>"
    html = f'<html><head><script type="application/ld+json">{node}</script></head><body>{body}</body></html>'
    page = Page(
        url=None,
        final_url=None,
        status=200,
        headers={"content-type": "text/html"},
        body=html.encode(),
        fetched_at=datetime(2031, 5, 3, tzinfo=UTC),
    )

    found = extraction_object("1", extract(page, source_key="harbour"))
    assert (found["authors"], found["credits"]) == (["Jo Marrick"], ["Northwire", "Sports Desk"])
    assert found["credit_kinds"] == ["agency", "desk"]
