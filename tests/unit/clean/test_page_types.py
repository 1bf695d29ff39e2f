"""The type of a page and its reason, for one invented page of each type."""

import pytest
from pages_for_clean import PARAGRAPHS, html_of, page_of

from newslake.pipeline.clean import clean, extract
from newslake.pipeline.model import Article, Rejected
from newslake.pipeline.model.article import PageType
from tests.processor_time import is_linear, processor_seconds

NOT_FREE = ',"isAccessibleForFree":false'
SHORT = "<p>A short line about the harbour and its boats, and about the people who wait there.</p>"
HOST = "https://www.harbourpost.example"
TEASER = f"<p>{PARAGRAPHS[0]}</p><div class='paywall'><p>Subscribe to read the full story.</p></div>"
CARDS = "".join(f"<article><h2><a href='/{n}'>Story {n} of the day</a></h2></article>" for n in range(9))


def _linked(name: str, more: str = "") -> str:
    return f'<script type="application/ld+json">{{"@type":"{name}"{more}}}</script>'


@pytest.mark.parametrize(
    ("html", "path", "page_type", "reason"),
    [
        (html_of(), "/news/ferry", "article", "text"),
        (html_of(head=_linked("LiveBlogPosting")), "/news/storm", "live", "jsonld_type"),
        (html_of(title="Live updates: storm at the harbour"), "/live/storm", "live", "title_and_url"),
        (html_of(head='<meta property="og:type" content="video.other">', body=SHORT), "/x", "video", "opengraph_type"),
        (html_of(head="", body=SHORT), "/video/regatta", "video", "url"),
        (html_of(head=_linked("VideoObject"), body=SHORT), "/x", "video", "jsonld_type"),
        (html_of(head="", body=SHORT), "/podcasts/harbour-talk", "audio", "url"),
        (html_of(head="", body=SHORT), "/gallery/boats", "gallery", "url"),
        (html_of(head=_linked("ImageGallery"), body=SHORT), "/x", "gallery", "jsonld_type"),
        (html_of(head=_linked("CollectionPage"), body=SHORT), "/harbour", "section", "jsonld_type"),
        (html_of(head="", body=SHORT), "/tags/ferries", "section", "url"),
        (html_of(head="", body=CARDS), "/harbour", "section", "many_cards"),
        (html_of(head=_linked("NewsArticle", NOT_FREE), body=TEASER), "/x", "paywall", "not_free"),
        (html_of(head="", body=TEASER), "/x", "paywall", "wall_element"),
        (html_of(head="", title="We value your privacy", body=SHORT), "/x", "consent", "consent_title"),
        (html_of(head="", title="Log in to Harbour Post", body=SHORT), "/x", "consent", "login_title"),
        (html_of(head="", title="Page not found", body=SHORT), "/x", "error", "error_title"),
        (html_of(head="", title="Seite nicht gefunden", body=SHORT), "/x", "error", "error_title"),
        (html_of(head="", title="Página no encontrada", body=SHORT), "/x", "error", "error_title"),
        (html_of(head="", title="Harbour", body="<p>The story is no longer available, sorry for that.</p>"), "/x",
         "error", "error_words"),
    ],
)  # fmt: skip
def test_page_type_and_its_reason(html: str, path: str, page_type: PageType, reason: str) -> None:
    """Each kind of page is distinguished from an article, and the method of page_type is the rule."""
    page = page_of(html, url=HOST + path)
    article = extract(page, source_key="harbour")
    methods = {each.field: each.method for each in article.field_methods}
    assert (article.page_type, methods["page_type"]) == (page_type, reason)
    assert isinstance(clean(page, source_key="harbour"), Rejected) == (page_type not in ("article", "paywall"))


@pytest.mark.parametrize("title", ["Boy not found after a long search", "Page from the harbour’s past", "Watch sold"])
def test_headline_with_such_words_is_an_article(title: str) -> None:
    """A long story with the words of an error page in its headline is an article."""
    assert extract(page_of(html_of(head="", title=title)), source_key="harbour").page_type == "article"


def test_paywall_has_its_reason_as_method() -> None:
    """A stub is kept as paywalled; the reason is the method of is_paywalled."""
    article = extract(page_of(html_of(head="", body=TEASER), url=f"{HOST}/x"), source_key="harbour")
    methods = {each.field: each.method for each in article.field_methods}
    assert (article.is_paywalled, methods["is_paywalled"]) == (True, "wall_element")


@pytest.mark.parametrize(
    ("html", "path", "detail", "missed"),
    [
        (html_of(head="", title="We value your privacy", body=SHORT), "/x",
         "a consent or login page in place of the article: 'We value your privacy' in its title; "
         "16 words in paragraphs and lists, at least 120 are needed", [(16, 120)]),
        (html_of(head="", body=SHORT), "/tags/ferries",
         "a list of articles, not an article: '/tags/' in its URL; 16 words in paragraphs and lists, at least 120 are "
         "needed; 16 words in its longest paragraph, at least 45 are needed", [(16, 120), (16, 45)]),
        (html_of(head="", body=SHORT), "/video/regatta",
         "a video with little or no text: '/video/' in its URL; 16 words in paragraphs and lists, at least 120 are "
         "needed", [(16, 120)]),
        (html_of(head="", body=SHORT), "/x",
         "too little text for an article: 16 words in paragraphs and lists, at least 25 are needed", [(16, 25)]),
        (html_of(head=_linked("LiveBlogPosting")), "/news/storm",
         "a live page is updated all day and is not a single article: its JSON-LD says LiveBlogPosting", []),
    ],
)  # fmt: skip
def test_rejection_has_its_evidence_and_missed_thresholds(
    html: str, path: str, detail: str, missed: list[tuple[int, int]]
) -> None:
    """A rejection has the evidence from the page, the measured values, and the missed thresholds."""
    rejected = clean(page_of(html, url=HOST + path), source_key="harbour")
    assert isinstance(rejected, Rejected)
    assert rejected.detail == detail
    assert [(each.measured, each.least) for each in rejected.thresholds] == missed


# Lists, scores, credits, press releases and opinion.

TEASERS = "".join(
    f"<div><h3><a href='/news/{n}'>Boats of the week, number {n}</a></h3><p>In week {n} the boats of the harbour came "
    f"home late, and the people of quay {n} waited for them in the rain for hours.</p></div>"
    for n in range(9)
)
TABLE = "".join(
    f"<tr><td>{n}</td><td>Rowers of Quay {n}</td><td>{30 - n}</td><td>{60 - 2 * n}</td></tr>" for n in range(20)
)
MATCHES = "".join(f"<p>Port Arlen {n} {n % 4}-{n % 3} Norquay United</p>" for n in range(12))
NAMES = "".join(f"<p>{role}: Ines Calder{n} Marrick</p>" for n in "abcdef" for role in ("Sound", "Light"))
LINKS = "".join(f"<p><a href='/{n}'>The boat number {n} leaves the quay</a> (Gazette)</p>" for n in range(12))
HEADLINES = "".join(f"<h2><a href='/{n}'>The boat number {n} leaves the quay</a></h2>" for n in range(20))
COUNCIL = f"<p>{PARAGRAPHS[0]}</p><p>{PARAGRAPHS[2]}</p><p>{PARAGRAPHS[3]}</p>"
WIRED = COUNCIL.replace("The council", "PORT ARLEN, May 3, 2031 /PRNewswire/ -- The council", 1)
RELEASE_END = "<h2>About Arlen Ferries</h2><p>Arlen Ferries runs nine boats.</p><p>Media contact: Jo Marrick</p>"


@pytest.mark.parametrize(
    ("html", "path", "page_type", "reason"),
    [
        (html_of(head="", title="Boats", body=TEASERS), "/boats", "list", "teasers"),
        (html_of(head="", title="Links of the day", body=LINKS), "/links", "list", "link_lines"),
        (html_of(head="", title="The harbour", body=HEADLINES), "/harbour", "list", "headlines"),
        (html_of(head="", title="Regatta", body=f"<table>{TABLE}</table>"), "/regatta", "scores", "score_lines"),
        (html_of(head="", title="Football results", body=MATCHES), "/sport/x", "scores", "score_lines"),
        (html_of(head="", title="Full cast of The Quay", body=NAMES), "/the-quay", "credits_list", "name_lines"),
    ],
)
def test_list_without_prose_is_rejected(html: str, path: str, page_type: PageType, reason: str) -> None:
    """A page of headlines, links, results or names is rejected, with the count of such lines as evidence."""
    page = page_of(html, url=HOST + path)
    article = extract(page, source_key="harbour")
    methods = {each.field: each.method for each in article.field_methods}
    assert (article.page_type, methods["page_type"]) == (page_type, reason)
    rejected = clean(page, source_key="harbour")
    assert isinstance(rejected, Rejected)
    assert rejected.evidence[0].isdigit()


@pytest.mark.parametrize(
    ("title", "body", "path"),
    [
        ("Football results", COUNCIL + MATCHES, "/sport/results/x"),
        ("Links of the day", COUNCIL + LINKS, "/links"),
        ("Cast of The Quay", COUNCIL + NAMES, "/the-quay"),
        ("The boats", f"<p>{PARAGRAPHS[0]}</p>{TEASERS}", "/boats"),
        ("Port Arlen beat Norquay", MATCHES[: MATCHES.index("<p>Port Arlen 9 ")], "/sport/x"),
        (
            "A song of the quay",
            "".join(f"<p>Where the water meets the quay, number {n},</p>" for n in "abcdefghijkl"),
            "/x",
        ),
        ("Fish soup", "".join(f"<li>{n}-{n + 1} spoons of the herb number {n}</li>" for n in range(12)), "/soup"),
    ],
)
def test_page_with_prose_or_unclear_lines_is_an_article(title: str, body: str, path: str) -> None:
    """Prose next to a list makes an article, and lines that only resemble one are no evidence."""
    article = extract(page_of(html_of(head="", title=title, body=body), url=HOST + path), source_key="harbour")
    assert article.page_type == "article"


def test_section_of_cards_with_prose_of_its_own_is_an_article() -> None:
    """Cards of other stories around a text of short sentences do not make it a list."""
    sentences = "".join(
        f"<p>The crane of quay number {n} turned again, and the harbour slept on.</p>" for n in range(16)
    )
    page = page_of(html_of(head="", body=sentences, extra="").replace("</main>", f"</main><aside>{CARDS}</aside>"))
    assert extract(page, source_key="harbour").page_type == "article"


@pytest.mark.parametrize(
    ("html", "path", "reason"),
    [
        (html_of(head="", body=f"<p>FOR IMMEDIATE RELEASE</p>{COUNCIL}"), "/x", "release_line"),
        (html_of(head="", body=WIRED),
         "/x", "wire_dateline"),
        (html_of(head="", body=COUNCIL + RELEASE_END), "/x", "contact_lines"),
        (html_of(head="", body=COUNCIL), "/press-releases/a-new-quay", "url"),
        (html_of(head=_linked("NewsArticle", ',"articleSection":"Pressemitteilungen"'), body=COUNCIL), "/x", "section"),
        (html_of(head=_linked("NewsArticle", ',"publisher":{"name":"Business Wire"}'), body=COUNCIL), "/x",
         "wire_publisher"),
        (html_of(head="", body=COUNCIL).replace("<h1>", "<p>Press release</p><h1>"), "/x", "kicker"),
    ],
)  # fmt: skip
def test_press_release_is_kept_with_its_evidence(html: str, path: str, reason: str) -> None:
    """A press release is an article of its own type; the method of page_type is the evidence."""
    article = clean(page_of(html, url=HOST + path), source_key="harbour")
    assert isinstance(article, Article)
    methods = {each.field: each.method for each in article.field_methods}
    assert (article.page_type, methods["page_type"]) == ("press_release", reason)


@pytest.mark.parametrize(
    ("title", "body", "path"),
    [
        ("Minister withdraws press release", COUNCIL, "/news/minister-withdraws-press-release"),
        ("Council backs ferry terminal", f"{COUNCIL}<h2>About the harbour</h2><p>It is old.</p>", "/x"),
        (
            "Council backs ferry terminal",
            COUNCIL.replace("The council", "PORT ARLEN (Northwire) - The council", 1),
            "/x",
        ),
    ],
)
def test_article_that_mentions_a_release_is_an_article(title: str, body: str, path: str) -> None:
    """A press release in a headline, a paragraph about something, or an agency's dateline is no evidence."""
    article = extract(page_of(html_of(head="", title=title, body=body), url=HOST + path), source_key="harbour")
    assert article.page_type == "article"


CRUMBS = (
    '<script type="application/ld+json">{"@type":"BreadcrumbList","itemListElement":[{"name":"Home"},'
    '{"item":{"name":"Meinung"}},{"name":"Council backs ferry terminal"}]}</script>'
)


def _summarized(standfirst: str) -> str:
    return html_of(head="").replace("</h1>", f"</h1><p class='standfirst'>{standfirst}</p>")


@pytest.mark.parametrize(
    ("html", "path", "method"),
    [
        (html_of(head=_linked("OpinionNewsArticle")), "/x", "jsonld_type"),
        (html_of(head=_linked("NewsArticle", ',"articleSection":["News","Opinion & Ideas"]')), "/x", "section"),
        (html_of(head='<meta property="article:section" content="Opinión">'), "/x", "section"),
        (html_of(head=_linked("NewsArticle", ',"genre":"Leitartikel"')), "/x", "genre"),
        (html_of(head=CRUMBS), "/x", "breadcrumb"),
        (html_of(head=""), "/opinion/2031/05/the-quay", "url"),
        (html_of(head=_linked("NewsArticle", ',"articleSection":["Culture","Book Review"]')), "/x", "section"),
        (html_of(head=""), "/reviews/the-quay", "url"),
        (html_of(head="", title="Kommentar: The quay is ours"), "/x", "title"),
        (html_of(head="").replace("| Harbour Post", "| Opinion | Harbour Post"), "/x", "title"),
        (html_of(head="").replace("<h1>", "<div>Éditorial</div><h1>"), "/x", "kicker"),
        (_summarized("The quay is for sale, and nobody asks why. Ein Kommentar von Ann Bell."), "/x", "standfirst"),
        (_summarized("A commentary by Ann Bell and Cy Dorn: the quay must stay in public hands"), "/x", "standfirst"),
    ],
)
def test_opinion_has_its_evidence(html: str, path: str, method: str) -> None:
    """What the publisher presents as opinion has is_opinion, and the place that says so as its method."""
    article = extract(page_of(html, url=HOST + path), source_key="harbour")
    methods = {each.field: each.method for each in article.field_methods}
    assert (article.is_opinion, methods["is_opinion"]) == (True, method)


@pytest.mark.parametrize(
    ("html", "path"),
    [
        (html_of(), "/news/x"),
        (html_of(head="", title="Opinion polls: the council leads"), "/news/opinion"),
        (html_of(head=_linked("NewsArticle", ',"articleSection":"Public Opinion Research"')), "/x"),
        (html_of(head=_linked("NewsArticle", ',"articleSection":"Reviews & Previews"')), "/x"),
        (html_of(head="", title="Review: the council counts its ferries"), "/news/review-of-the-quay"),
        (html_of(head="").replace("<h1>", "<nav><a href='/opinion'>Opinion</a></nav><h1>"), "/x"),
        (html_of(head="").replace("<h1>", "<span>Comment</span><h1>"), "/x"),
        (_summarized("Ein Kommentar von Ann Bell sorgt im Rat von Port Arlen für Streit."), "/x"),
        (_summarized("The mayor answers. A commentary by the port authority had blamed her."), "/x"),
    ],
)
def test_news_with_a_word_of_opinion_is_news(html: str, path: str) -> None:
    """A longer headline or section with such a word, a menu, a button, or the page's own name is no evidence."""
    article = extract(page_of(html, url=HOST + path), source_key="harbour")
    methods = {each.field: each.method for each in article.field_methods}
    assert (article.is_opinion, methods["is_opinion"]) == (False, "unknown")


@pytest.mark.parametrize(
    "part",
    [
        "<h2><a href='/s/{}'>The council of Port Arlen votes again, part {}</a></h2>",
        "<li><h3><a href='/s/{}'>The council votes again</a></h3><p>Part {} of the day.</p></li>",
        "<a href='/s/{}'><h3>The council votes again</h3><p>Part {} of the long day of the whole town.</p></a>",
        "<figure><img src='/{}.jpg'><figcaption>The council in part {} of its day</figcaption></figure>",
        "<div><div><div><span>Part {} of {} parts</span></div></div></div>",
    ],
)
def test_time_is_linear_in_parts_of_a_page(part: str) -> None:
    """A page with thousands of links, cards, captions or boxes takes linear time."""

    def seconds(times: int) -> float:
        parts = "".join(part.format(number, number) for number in range(times))
        page = page_of(html_of(body=f"<p>{PARAGRAPHS[0]}</p>{parts}"))
        return processor_seconds(lambda: clean(page, source_key="s"))

    assert is_linear(seconds, 1000)
