"""When it was published, and how we know."""

from datetime import UTC, datetime

import pytest
from pages_for_clean import URL, html_of, page_of

from pipeline.clean import extract
from pipeline.model import Hints

JSONLD_DAY = '<script type="application/ld+json">[{"@type":["Report"],"datePublished":"2031-05-03"}]</script>'
MAY_3 = datetime(2031, 5, 3, tzinfo=UTC)
LISTED = Hints(published_at=datetime(2031, 5, 3, 6, 15, tzinfo=UTC), published_precision="second")


@pytest.mark.parametrize(
    ("html", "method"),
    [
        (html_of(head=JSONLD_DAY), "jsonld"),
        (html_of(head="", extra='<span itemprop="datePublished" content="2031-05-03">May</span>'), "microdata"),
        (html_of(head='<meta property="article:published_time" content="2031-05-03">'), "opengraph"),
        (html_of(head='<meta name="DC.date.issued" content="2031-05-03">'), "meta"),
        (html_of(head="", extra='<time class="published" datetime="2031-05-03">3 May</time>'), "time"),
    ],
)  # fmt: skip
def test_each_method_is_named(html: str, method: str) -> None:
    """The first place that states a day gives it and is recorded as the method."""
    article = extract(page_of(html), source_key="harbour")
    assert (article.published_at, article.published_at_method) == (MAY_3, method)


def test_url_day_is_the_method_where_nothing_else_speaks() -> None:
    """A day in the URL counts; the listing's hint of the same day knows the time and wins."""
    url = f"{URL.replace('/05/', '/05/03/')}"
    page, listed = (page_of(html_of(head=""), url=url, hints=hints) for hints in (Hints(), LISTED))
    assert extract(page, source_key="s").published_at_method == "url"
    assert extract(listed, source_key="s").published_at == LISTED.published_at


def test_listing_dates_a_page_that_says_nothing() -> None:
    """The feed's hint is used with its own method and precision."""
    article = extract(page_of(html_of(head=""), hints=LISTED), source_key="s")
    assert (article.published_at, article.published_at_method) == (LISTED.published_at, "feed")


def test_nobody_says_is_unknown_and_never_the_fetch() -> None:
    """A page without any date has none."""
    article = extract(page_of(html_of(head="")), source_key="s")
    assert (article.published_at, article.published_at_method, article.published_at_precision) == (
        None,
        "unknown",
        None,
    )


def test_impossible_date_is_flagged_and_the_next_source_used() -> None:
    """A future date in JSON-LD gives way to the next method and leaves its flag."""
    head = (
        '<script type="application/ld+json">{"@type":"NewsArticle","datePublished":"2041-01-01T00:00:00Z"}</script>'
        '<meta property="article:published_time" content="2031-05-03T06:00:00">'
    )
    article = extract(page_of(html_of(head=head)), source_key="s")
    assert (article.published_at, article.published_at_method, article.published_at_precision) == (
        MAY_3,
        "opengraph",
        "day",
    )
    assert article.flags == ("date_in_future", "date_without_zone")


@pytest.mark.parametrize(
    "line",
    [
        "<p class='date'>3. Mai 2031</p>",
        "<div>3 May 2031</div>",
        "<span>Jo Marrick, 03/05/2031</span>",
    ],
)
def test_day_shown_beside_the_headline(line: str) -> None:
    """Where no markup states a date, the short dated line under the headline does, and is named as the method."""
    html = html_of(head="").replace("</h1>", f"</h1>{line}")
    article = extract(page_of(html), source_key="s")
    assert (article.published_at, article.published_at_method) == (MAY_3, "shown")


@pytest.mark.parametrize(
    "line",
    [
        "<aside><p>3 May 2031</p></aside>",
        "<div class='related-stories'><p>3 May 2031</p></div>",
        "<p>The two sides first met in the old town hall on 3 May 2031.</p>",
    ],
)
def test_days_of_other_things_are_not_shown_days(line: str) -> None:
    """A date in a sentence, a side column or a list of other stories is not the article's."""
    html = html_of(head="").replace("</h1>", f"</h1>{line}")
    assert extract(page_of(html), source_key="s").published_at_method != "shown"
