"""Publication times, and the methods that find them."""

from datetime import UTC, date, datetime

import pytest
from pages_for_clean import URL, html_of, page_of

from newslake.pipeline.clean import extract, in_zone
from newslake.pipeline.clean.moments import Moment, doubt_of, parse_moment
from newslake.pipeline.clean.written_days import WrittenClock, written_clock, written_day
from newslake.pipeline.model import Article, Hints

# Dates as pages write them.


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2031-05-03T21:30:00+02:00", Moment(datetime(2031, 5, 3, 19, 30, tzinfo=UTC), "second", "+02:00")),
        ("2031-05-03T21:30:00.123Z", Moment(datetime(2031, 5, 3, 21, 30, tzinfo=UTC), "second", "+00:00")),
        ("2031-05-03 21:30 -0500", Moment(datetime(2031, 5, 4, 2, 30, tzinfo=UTC), "second", "-05:00")),
        (
            "2031-05-03T21:30:00",
            Moment(datetime(2031, 5, 3, tzinfo=UTC), "day", clock=datetime(2031, 5, 3, 21, 30, tzinfo=UTC)),
        ),
        ("2031-05-03T00:00:00+02:00", Moment(datetime(2031, 5, 3, tzinfo=UTC), "day", "+02:00")),
        ("2031-05-03", Moment(datetime(2031, 5, 3, tzinfo=UTC), "day")),
        ("20310503", Moment(datetime(2031, 5, 3, tzinfo=UTC), "day")),
        ("Sat, 03 May 2031 21:30:00 +0200", Moment(datetime(2031, 5, 3, 19, 30, tzinfo=UTC), "second", "+02:00")),
        ("3 May 2031", Moment(datetime(2031, 5, 3, tzinfo=UTC), "day")),
        ("May 3rd, 2031", Moment(datetime(2031, 5, 3, tzinfo=UTC), "day")),
        ("3.5.2031", Moment(datetime(2031, 5, 3, tzinfo=UTC), "day")),
        ("1935875400", Moment(datetime(2031, 5, 6, 23, 10, tzinfo=UTC), "second")),
        ("2031-02-31", None),
        ("2031-05-03T10:00:00+99:00", None),
        ("0000-01-01T00:00:00Z", None),
        ("2031-05-03T25:61:00Z", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_parse_moment(text: str, moment: Moment | None) -> None:
    """A date gives its moment in UTC, without a zone its day; an impossible date gives None."""
    assert parse_moment(text) == moment


@pytest.mark.parametrize(
    ("day", "doubt"),
    [
        (datetime(2031, 5, 4, tzinfo=UTC), None),
        (datetime(2031, 5, 5, 11, tzinfo=UTC), None),
        (datetime(2031, 5, 6, tzinfo=UTC), "date_in_future"),
        (datetime(1970, 1, 1, tzinfo=UTC), "date_implausible"),
        (datetime(1, 1, 1, tzinfo=UTC), "date_implausible"),
    ],
)
def test_doubt_of(day: datetime, doubt: str | None) -> None:
    """A date more than a day after the fetch, at the epoch or before 1800 has a named doubt."""
    assert doubt_of(Moment(day, "day"), fetched_at=datetime(2031, 5, 4, 12, tzinfo=UTC)) == doubt


# Days as people write them.

DAY_3, DAY_30 = date(2031, 5, 3), date(2031, 5, 30)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("Saturday, 3 May 2031", DAY_3),
        ("May 3rd, 2031 at noon", DAY_3),
        ("Veröffentlicht am 3. Mai 2031", DAY_3),
        ("le 3 mai 2031 à 8h", DAY_3),
        ("3 de mayo de 2031", DAY_3),
        ("3 de maio de 2031", DAY_3),
        ("sabato 3 maggio 2031", DAY_3),
        ("3 mei 2031", DAY_3),
        ("3. toukokuuta 2031", DAY_3),
        ("3 мая 2031 г.", DAY_3),
        ("3 травня 2031", DAY_3),
        ("3 Mayıs 2031", DAY_3),
        ("3 Μαΐου 2031", DAY_3),
        ("2031年5月3日", DAY_3),
        ("2031년 5월 3일", DAY_3),
        ("2031/5/3", DAY_3),
        ("30/05/2031", DAY_30),
        ("05/30/2031", DAY_30),
        ("3.5.2031", DAY_3),
        ("31.2.2031", None),
        ("3 Morning 2031", None),
        ("version 1.3.5.2031", None),
        ("", None),
    ],
)
def test_written_day(text: str, day: date | None) -> None:
    """A day is read in many languages; a text without a day gives None."""
    assert written_day(text) == day


def test_month_comes_first_on_request() -> None:
    """03/05/2031 is in May, but in March on an American page."""
    assert written_day("03/05/2031") == DAY_3
    assert written_day("03/05/2031", is_month_first=True) == date(2031, 3, 5)


# The zone of a publication time: stored separately, repaired from the page, never guessed.


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
    """The written zone is stored separately from the time in UTC; another statement of the same time can give it."""
    assert (article.published_at, article.published_at_zone) == (
        datetime(2031, 5, 3, hour, 30, article.published_at.second, tzinfo=UTC) if article.published_at else None,
        zone,
    )
    assert article.published_at_precision == "second"


@pytest.mark.parametrize("modified", ["", "2031-05-04T08:00:00Z", "2031-01-04T08:00:00+02:00"])
def test_unknown_zone_is_not_guessed(modified: str) -> None:
    """A time of day without a zone becomes a flagged day; a distant time or a UTC time does not give its zone."""
    article = _article("2031-05-03T21:30:00", modified=modified)
    assert (article.published_at, article.published_at_zone) == (datetime(2031, 5, 3, tzinfo=UTC), None)
    assert (article.published_at_precision, article.flags) == ("day", ("date_without_zone",))


@pytest.mark.parametrize(
    ("published", "precision", "flags"),
    [
        ("2031-05-04T12:05:00Z", "second", ()),
        ("2031-05-04T15:00:00Z", "day", ("time_after_fetch",)),
        ("2031-05-04T17:00:00+02:00", "day", ("time_after_fetch",)),
        ("2031-05-05T01:00:00+14:00", "second", ()),
    ],
)
def test_time_after_the_fetch_becomes_its_day(published: str, precision: str, flags: tuple[str, ...]) -> None:
    """A page cannot be published after it was fetched: more than ten minutes later, only the local day is believed."""
    article = _article(published)
    assert (article.published_at_precision, article.flags) == (precision, flags)
    if precision == "day":
        assert article.published_at == datetime(2031, 5, 4, tzinfo=UTC)


def test_in_zone() -> None:
    """The same moment in local time."""
    when = datetime(2031, 5, 3, 23, 30, tzinfo=UTC)
    assert in_zone(when, "+02:00").isoformat() == "2031-05-04T01:30:00+02:00"
    assert in_zone(when, "-03:30").isoformat() == "2031-05-03T20:00:00-03:30"
    assert in_zone(when, None) == when


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
    """The first place with a day gives it and is recorded as the method."""
    article = extract(page_of(html), source_key="harbour")
    assert (article.published_at, article.published_at_method) == (MAY_3, method)


def test_url_day_is_the_method_without_other_dates() -> None:
    """A day in the URL counts; the listing's hint of the same day has a time and is preferred."""
    url = f"{URL.replace('/05/', '/05/03/')}"
    page, listed = (page_of(html_of(head=""), url=url, hints=hints) for hints in (Hints(), LISTED))
    assert extract(page, source_key="s").published_at_method == "url"
    assert extract(listed, source_key="s").published_at == LISTED.published_at


def test_listing_dates_a_page_without_a_date() -> None:
    """The feed's hint is used with its own method and precision."""
    article = extract(page_of(html_of(head=""), hints=LISTED), source_key="s")
    assert (article.published_at, article.published_at_method) == (LISTED.published_at, "feed")


def test_unknown_date_is_not_the_fetch_time() -> None:
    """A page without any date has no published time."""
    article = extract(page_of(html_of(head="")), source_key="s")
    assert (article.published_at, article.published_at_method, article.published_at_precision) == (
        None,
        "unknown",
        None,
    )


def test_impossible_date_is_flagged_and_the_next_source_used() -> None:
    """For a future date in JSON-LD the next method is used, and a flag is set."""
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
def test_day_shown_near_the_headline(line: str) -> None:
    """Without a date in the markup, the short dated line under the headline is used and recorded as the method."""
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
    """A date in a sentence, a sidebar or a list of other stories is not the date of the article."""
    html = html_of(head="").replace("</h1>", f"</h1>{line}")
    assert extract(page_of(html), source_key="s").published_at_method != "shown"


@pytest.mark.parametrize(
    ("text", "time", "zone"),
    [
        ("July 25, 2031 11:15 PM", "23:15:00", None),
        ("Jul 25, 2031 at 11:15 p.m. EDT", "23:15:00", "-04:00"),
        ("25.07.2031, 23.15 Uhr", "23:15:00", None),
        ("25 juli 2031 kl. 23.15", "23:15:00", None),
        ("25/07/2031 à 23h15", "23:15:00", None),
        ("2031-07-25 23:15:04.03+02:00", "23:15:04", "+02:00"),
        ("12:05 am GMT", "00:05:00", "+00:00"),
        ("10:47 AM EST", "10:47:00", None),
    ],
)
def test_written_clock(text: str, time: str, zone: str | None) -> None:
    """A time of day in the ways of several languages; a zone only if its name means one offset."""
    assert written_clock(text) == WrittenClock(time, zone)


@pytest.mark.parametrize(
    "text", ["25.07.2031", "13:15 Uhr - 19:00 Uhr", "10:00-12:00", "2:30 min", "24:30", "1:0", "11.38"]
)
def test_other_numbers_are_no_clock(text: str) -> None:
    """A day, the two ends of an event, a length and a number are no time of day."""
    assert written_clock(text) is None


DAY_CHANGED = (
    '<script type="application/ld+json">{"@type":"Report","datePublished":"2031-05-03",'
    '"dateModified":"2031-05-04T08:00:00-04:00"}</script>'
)


def _lined(line: str, *, head: str = JSONLD_DAY) -> Article:
    return extract(page_of(html_of(head=head).replace("</h1>", f"</h1>{line}")), source_key="s")


@pytest.mark.parametrize(
    ("article", "zone", "hour"),
    [
        (_lined("<p class='date'>May 3, 2031 1:15 PM EDT</p>"), "-04:00", 17),
        (_lined("<p class='date'>May 3, 2031 1:15 PM</p>", head=DAY_CHANGED), "-04:00", 17),
        (_lined("<p class='date'><b>3 May 2031</b> <i>13:15 CEST</i></p>"), "+02:00", 11),
        (_lined("<p class='date'>3 May 2031 13:15 GMT</p>", head=""), "+00:00", 13),
    ],
)
def test_shown_time_of_the_day(article: Article, zone: str, hour: int) -> None:
    """A time next to the day near the headline completes the same day, if the text or the page gives its zone."""
    assert article.published_at == datetime(2031, 5, 3, hour, 15, tzinfo=UTC)
    assert (article.published_at_precision, article.published_at_method) == ("second", "shown")
    assert article.published_at_zone == zone


@pytest.mark.parametrize(
    ("line", "flags"),
    [
        ("<p class='date'>May 3, 2031 1:15 PM</p>", ("date_without_zone",)),
        ("<p class='date'>May 2, 2031 1:15 PM EDT</p>", ()),
        ("<p class='date'><b>Updated:</b> <i>May 3, 2031 1:15 PM EDT</i></p>", ()),
        ("<p class='date'>3 May 2031</p><p>At 13:15 GMT, the council met in the hall.</p>", ()),
        ("<p class='date'>3 May 2031, 13:15 - 19:00</p>", ()),
    ],
)
def test_shown_time_that_is_not_taken(line: str, flags: tuple[str, ...]) -> None:
    """Without a zone, on another day, of a change, in a sentence or as one of two, a shown time leaves the day."""
    article = _lined(line)
    assert (article.published_at, article.published_at_precision, article.flags) == (MAY_3, "day", flags)
    assert article.published_at_method == "jsonld"


# Dates of one page that disagree.


def _jsonld(day: str, *, modified: str = "") -> str:
    changed = f',"dateModified":"{modified}"' if modified else ""
    return f'<script type="application/ld+json">{{"@type":"Report","datePublished":"{day}"{changed}}}</script>'


def _marked(day: str) -> str:
    return f'<time class="published" datetime="{day}">x</time>'


def _dated(head: str, *, url: str = URL, line: str = "", hints: Hints | None = None) -> Article:
    html = html_of(head=head).replace("</h1>", f"</h1>{line}")
    return extract(page_of(html, url=url, hints=hints), source_key="s")


def _days(article: Article) -> tuple[str, ...]:
    return tuple(each.method for each in article.field_methods if each.field.startswith("published_at"))


DATED_URL = URL.replace("/05/", "/05/03/")
SHOWN = "<p class='date'>3 May 2031</p>"


@pytest.mark.parametrize(
    ("article", "days"),
    [
        (_dated(_jsonld("2031-04-12T08:00:00Z"), url=DATED_URL), ("url 2031-05-03", "jsonld 2031-04-12")),
        (
            _dated(_jsonld("2030-01-01") + _published("2031-05-03"), url=DATED_URL),
            ("opengraph 2031-05-03", "jsonld 2030-01-01"),
        ),
        (
            _dated(_marked("2021-05-03"), url=DATED_URL),
            ("url 2031-05-03", "time 2021-05-03"),
        ),
        (_dated(_marked("2021-05-03"), line=SHOWN), ("shown 2031-05-03", "time 2021-05-03")),
        (_dated('<meta name="date" content="2031-04-12">', line=SHOWN), ("shown 2031-05-03", "meta 2031-04-12")),
        (_dated(_jsonld("2021-05-03"), hints=LISTED), ("feed 2031-05-03", "jsonld 2021-05-03")),
    ],
)
def test_a_refuted_date_loses(article: Article, days: tuple[str, str]) -> None:
    """A date far from the URL's day, or from what the page shows, loses to it; both days are recorded."""
    assert article.published_at is not None
    assert article.published_at.date() == date(2031, 5, 3)
    assert (_days(article), article.flags) == (days, ("date_conflict",))


@pytest.mark.parametrize(
    ("article", "days"),
    [
        (
            _dated(_jsonld("2031-04-12") + _published("2031-04-12"), url=DATED_URL),
            ("jsonld 2031-04-12", "url 2031-05-03"),
        ),
        (_dated(_jsonld("2031-04-12"), hints=LISTED), ("jsonld 2031-04-12", "feed 2031-05-03")),
        (_dated(_jsonld("2031-04-12") + _published("2031-05-03")), ("jsonld 2031-04-12", "opengraph 2031-05-03")),
        (_dated(_marked("2031-04-12"), line=SHOWN), ("time 2031-04-12", "shown 2031-05-03")),
    ],
)
def test_a_contradicted_date_is_flagged(article: Article, days: tuple[str, str]) -> None:
    """A date that another one contradicts but does not refute is taken, with a flag and both days."""
    assert article.published_at == datetime(2031, 4, 12, tzinfo=UTC)
    assert (_days(article), article.flags) == (days, ("date_conflict",))


@pytest.mark.parametrize(
    "article",
    [
        _dated(_jsonld("2031-05-02T23:30:00Z"), url=DATED_URL),
        _dated(_jsonld("2031-05-01T08:00:00Z"), url=DATED_URL),
        _dated('<meta name="date" content="2031-04-12"><meta name="lastmod" content="2031-05-03">', line=SHOWN),
        _dated(_jsonld("2031-04-12") + '<article><time datetime="2021-01-01">x</time></article>'),
    ],
)
def test_near_dates_and_other_days_are_no_conflict(article: Article) -> None:
    """A zone, a day from draft to publication, the day of an edit and the time of another story contradict nothing."""
    assert (article.flags, _days(article)) == ((), ())


def test_utc_label_on_a_local_time() -> None:
    """A time in UTC that another statement gives with an offset is local time; with an own offset it stays."""
    mislabelled = _article("2031-05-03T21:30:00+00:00", more=_published("2031-05-03T21:30:00-04:00"))
    own = _article("2031-05-03T21:30:00+00:00", more=_published("2031-05-03T19:30:00-04:00"))

    assert mislabelled.published_at == datetime(2031, 5, 4, 1, 30, tzinfo=UTC)
    assert mislabelled.published_at_zone == "-04:00"
    assert own.published_at == datetime(2031, 5, 3, 21, 30, tzinfo=UTC)


def test_modification_is_never_before_publication() -> None:
    """An earlier modification is dropped for the next one; without another one, it is unknown."""
    early, later = "2031-05-03T09:00:00Z", "2031-05-03T11:00:00Z"
    head = _jsonld("2031-05-03T10:00:00Z", modified=early)
    other = f'<meta property="article:modified_time" content="{later}">'

    assert _dated(head).modified_at is None
    assert _dated(head + other).modified_at == datetime(2031, 5, 3, 11, tzinfo=UTC)
    assert _dated(head, hints=Hints(modified_at=datetime(2031, 5, 3, 12, tzinfo=UTC))).modified_at == datetime(
        2031, 5, 3, 12, tzinfo=UTC
    )


@pytest.mark.parametrize(
    ("modified", "stored"),
    [
        ("2031-05-03T00:30:00+05:00", datetime(2031, 5, 3, tzinfo=UTC)),
        ("2031-05-03T09:00:00+05:00", datetime(2031, 5, 3, 4, tzinfo=UTC)),
        ("2031-05-02T23:30:00+05:00", None),
    ],
)
def test_modification_on_the_published_day_stays(modified: str, stored: datetime | None) -> None:
    """East of UTC a change on the published day is stored as the day's midnight if its UTC time is before that."""
    assert _dated(_jsonld("2031-05-03", modified=modified)).modified_at == stored


FUTURE = '<script type="application/ld+json">{"@type":"NewsArticle","datePublished":"2031-06-20T09:00:00Z"}</script>'
MAY = datetime(2031, 5, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("head", "line", "day", "flags"),
    [
        ("", "<p>Harbour Post, 2031.</p>", None, ()),
        ("", "<p>The plan of the harbour dates from 1 May 2031.</p>", MAY, ()),
        (FUTURE, "<p>Harbour Post, 2031.</p>", None, ("date_in_future",)),
        (FUTURE, "<p>The plan of the harbour dates from 1 May 2031.</p>", None, ("date_in_future",)),
    ],
)
def test_first_day_of_a_month_is_not_made_up(
    head: str, line: str, day: datetime | None, flags: tuple[str, ...]
) -> None:
    """A first day of a month or year counts only if the page has it in full, not from a copyright line's year."""
    html = html_of(head=head, extra=line).replace("<footer><p>©", "<footer><p>© 2031")
    article = extract(page_of(html, url="https://www.harbourpost.example/news/ferry"), source_key="s")
    assert (article.published_at, article.flags) == (day, flags)
