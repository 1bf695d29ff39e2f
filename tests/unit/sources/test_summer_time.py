"""Days of 23 and 25 hours: a listed or stated time is the same moment in whatever zone the process runs."""

import time
from datetime import UTC, datetime

import pytest

from newslake.pipeline.clean import clean
from newslake.pipeline.model import Source
from newslake.pipeline.sources.sitemaps import day_of, read_sitemap
from tests.unit.clean.pages_for_clean import html_of, page_of

NOW = datetime(2031, 12, 31, tzinfo=UTC)
ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia"]
# As written, and in UTC. Berlin's clocks go forward on 31 March 2030, and back on 27 October; New York's on 10 March.
MOMENTS = {
    "before the gap": ("2030-03-31T01:59:59+01:00", "2030-03-31T00:59:59"),
    "after the gap": ("2030-03-31T03:00:00+02:00", "2030-03-31T01:00:00"),
    "in the gap": ("2030-03-31T02:30:00+01:00", "2030-03-31T01:30:00"),
    "first turn of the hour": ("2030-10-27T02:30:00+02:00", "2030-10-27T00:30:00"),
    "second turn of the hour": ("2030-10-27T02:30:00+01:00", "2030-10-27T01:30:00"),
    "end of the long day": ("2030-10-27T23:59:59+01:00", "2030-10-27T22:59:59"),
    "gap of New York": ("2030-03-10T02:30:00-05:00", "2030-03-10T07:30:00"),
}
# Without a zone a listing is read as UTC, and of a page only the day counts.
LOCAL = {"in the gap": "2030-03-31T02:30:00", "twice": "2030-10-27T02:30:00"}


@pytest.fixture(params=ZONES)
def zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch):
    """The process runs in a time zone."""
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield request.param
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("zone")
@pytest.mark.parametrize("moment", MOMENTS)
def test_moment_and_news_day_do_not_depend_on_the_zone(moment):
    """A listing and a page give the same moment; the news day is its day in UTC."""
    written, utc = MOMENTS[moment]
    at = datetime.fromisoformat(utc).replace(tzinfo=UTC)

    assert _listed(written) == (at, at.date())
    assert _stated(written) == at


@pytest.mark.usefixtures("zone")
@pytest.mark.parametrize("moment", LOCAL)
def test_time_without_a_zone_does_not_depend_on_the_zone(moment):
    """A time that a day has not, or has twice, is not read in the zone of the process."""
    at = datetime.fromisoformat(LOCAL[moment]).replace(tzinfo=UTC)

    assert _listed(LOCAL[moment]) == (at, at.date())
    assert _stated(LOCAL[moment]) == at.replace(hour=0, minute=0)


def _listed(written):
    body = (
        '<urlset xmlns:n="http://www.google.com/schemas/sitemap-news/0.9"><url><loc>http://a.example/1</loc>'
        f"<n:news><n:publication_date>{written}</n:publication_date></n:news></url></urlset>"
    ).encode()
    source = Source(key="a", kind="news_sitemap", location="http://a.example/s.xml")
    (entry,) = read_sitemap(body, source, url=source.location, now=NOW, max_bytes=10_000).entries
    return entry.ref.hints.published_at, day_of(entry.ref)


def _stated(written):
    head = f'<meta property="article:published_time" content="{written}">'
    page = page_of(html_of(head=head), url="https://www.harbourpost.example/news/ferry-terminal")
    return clean(page, source_key="a").published_at
