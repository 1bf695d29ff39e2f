"""The zone of a publication time: kept apart, repaired from the page, never guessed."""

from datetime import UTC, datetime

import pytest
from pages_for_clean import html_of, page_of

from pipeline.clean import extract, in_zone
from pipeline.model import Article


def _article(published: str, *, more: str = "", modified: str = "") -> Article:
    changed = f',"dateModified":"{modified}"' if modified else ""
    head = (
        f'<script type="application/ld+json">{{"@type":"NewsArticle","datePublished":"{published}"{changed}}}</script>'
    )
    return extract(page_of(html_of(head=head + more)), source_key="harbour")


def _published(value: str) -> str:
    return f'<meta property="article:published_time" content="{value}">'


@pytest.mark.parametrize(
    ("article", "zone", "hour"),
    [
        (_article("2031-05-03T21:30:00+02:00"), "+02:00", 19),
        (_article("2031-05-03T19:30:00Z"), "+00:00", 19),
        (_article("2031-05-03T19:30:05Z", more=_published("2031-05-03T21:30:05+02:00")), "+02:00", 19),
        (_article("2031-05-03T19:30:05Z", more='<script>x={"d":"2031-05-03T21:30:05+02:00"}</script>'), "+02:00", 19),
        (_article("2031-05-03T21:30:00", more=_published("2031-05-03T21:30:00+02:00")), "+02:00", 19),
        (_article("2031-05-03T21:30:05", more=_published("2031-05-03T19:30:05Z")), "+02:00", 19),
        (_article("2031-05-03T21:30:00", modified="2031-05-04T08:00:00+02:00"), "+02:00", 19),
    ],
)
def test_zone_as_the_page_shows_it(article: Article, zone: str, hour: int) -> None:
    """The zone as written stands apart from the time in UTC; another statement of the same time can give it."""
    assert (article.published_at, article.published_at_zone) == (
        datetime(2031, 5, 3, hour, 30, article.published_at.second, tzinfo=UTC) if article.published_at else None,
        zone,
    )
    assert article.published_at_precision == "second"


@pytest.mark.parametrize("modified", ["", "2031-05-04T08:00:00Z", "2031-01-04T08:00:00+02:00"])
def test_zone_that_nothing_shows_is_not_guessed(modified: str) -> None:
    """A time of day without a zone is a day, flagged, whatever a far or a UTC time beside it says."""
    article = _article("2031-05-03T21:30:00", modified=modified)
    assert (article.published_at, article.published_at_zone) == (datetime(2031, 5, 3, tzinfo=UTC), None)
    assert (article.published_at_precision, article.flags) == ("day", ("date_without_zone",))


def test_in_zone() -> None:
    """The same moment on the clocks of a zone."""
    when = datetime(2031, 5, 3, 23, 30, tzinfo=UTC)
    assert in_zone(when, "+02:00").isoformat() == "2031-05-04T01:30:00+02:00"
    assert in_zone(when, "-03:30").isoformat() == "2031-05-03T20:00:00-03:30"
    assert in_zone(when, None) == when
