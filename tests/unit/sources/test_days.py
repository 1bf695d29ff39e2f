"""Which days a source promises."""

from datetime import date, timedelta
from typing import get_args

import pytest

from pipeline.model import Source
from pipeline.model.source import SourceKind
from pipeline.sources import listable_days
from pipeline.sources.dates import listed_date
from tests.faults.hostile import NOW

PROMISED = {
    "feed": [0, 1],
    "news_sitemap": [0, 1],
    "sitemap_archive": [1, 900],
    "cdx": [1, 900],
    "cc_news": [0, 1, 900],
    "folder": [0, 1, 900],
    "inbox": [0, 1, 900],
}


def test_every_kind_is_asked():
    """Each kind of source has its promise here."""
    assert PROMISED.keys() == set(get_args(SourceKind)), "add the kind and which days it promises"


@pytest.mark.parametrize(("kind", "promised"), PROMISED.items())
def test_days_promised(kind, promised):
    """A feed and a news sitemap promise two days, files any day."""
    days = listable_days(Source(key="a", kind=kind, location="x"), now=NOW)

    assert [ago for ago in (0, 1, 900) if NOW.date() - timedelta(days=ago) in days] == promised
    assert days.note


def test_no_listing_promises_tomorrow():
    """Online kinds promise nothing of the future."""
    days = listable_days(Source(key="a", kind="feed", location="x"), now=NOW)

    assert date(2026, 3, 3) not in days


@pytest.mark.parametrize(
    "text", ["", "soon", "0001-01-01", "0001-01-01T00:00:00+05:00", "9999-12-31T23:59:59-05:00", "2026-13-01"]
)
def test_dates_that_cannot_be_meant_are_none(text):
    """An impossible or absurd date is no date, never a guess and never a crash."""
    assert listed_date(text, now=NOW) == (None, None)
