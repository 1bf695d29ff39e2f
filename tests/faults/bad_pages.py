"""Invented pages, each broken in one way, and their results: (path, body, content type, outcome, reason, flag).

One feed of ``test_bad_input`` lists them. ``reason`` is None for a page that is kept; ``flag`` is one of the article's
flags, or "is_paywalled".
"""

from dataclasses import dataclass

from tests.faults.hostile import page, story

HTML = "text/html; charset=utf-8"
_RUSSIAN = "Мэр города Тарнвик сказал во вторник, что новый причал откроют весной, если позволит погода. "
_JAPANESE = "タルンウィックの新しい桟橋は来年の春に完成する予定だと市長が述べた。反対する漁師も多いという。"


@dataclass(frozen=True, slots=True)
class BadPage:
    """One page: its bytes and its result. ``says`` is a string that its text must contain."""

    body: bytes
    content_type: str = HTML
    reason: str | None = None
    flag: str | None = None
    says: str | None = None
    outcome: str = "kept"


def _linked(data: str) -> bytes:
    return page(20, head=f'<script type="application/ld+json">{data}</script>')


def _dated(date: str) -> bytes:
    return page(21, head=f'<meta property="article:published_time" content="{date}">')


def _short(title: str, text: str, head: str = "") -> bytes:
    return f"<html><head><title>{title}</title>{head}</head><body><h1>{title}</h1><p>{text}</p></body></html>".encode()


def _foreign(sentence: str, charset: str) -> bytes:
    paragraphs = f"<p>{sentence * 6}</p>" * 4
    return f"<html><body><article><h1>{sentence[:30]}</h1>{paragraphs}</article></body></html>".encode(charset)


def _rejected(body: bytes, reason: str, content_type: str = HTML) -> BadPage:
    return BadPage(body, content_type, reason=reason, outcome="rejected")


_PLAN = "Councillor Ada Brandt"
_TWICE = page(5).replace(b"Tarnwick", "Tärnwïck".encode().decode("latin-1").encode())
BAD_PAGES = {
    "/unclosed": BadPage(page(20).replace(b"</p>", b"").replace(b"</article>", b"</div></table>"), says=_PLAN),
    "/nested-10k": _rejected(b"<html><body>" + b"<div>" * 10_000 + story(1).encode(), "parse_error"),
    "/nested-after-story": BadPage(page(20).replace(b"</article>", b"</article>" + b"<div><b>" * 10_000), says=_PLAN),
    "/elements-200k": _rejected(page(20).replace(b"</article>", b"<p>" * 200_000), "too_many_elements"),
    "/blank": _rejected(b" \r\n\t ", "empty"),
    "/pdf": _rejected(b"%PDF-1.7 x", "content_type", "application/pdf"),
    "/nulls": BadPage(page(20).replace(b"<p>", b"<p>\0", 1), says=_PLAN),
    "/half-an-emoji-headline": BadPage(
        _linked('{"@type":"NewsArticle","headline":"Harbour plan \\ud83d"}'), says=_PLAN
    ),
    "/half-an-emoji-author": BadPage(
        _linked('{"@type":"NewsArticle","author":{"name":"Ada \\udc00 Brandt"},"keywords":["a\\ud800","b\\u0000"]}'),
        says=_PLAN,
    ),
    "/pdf-as-html": BadPage(b"%PDF-1.7\n" + bytes(range(256)) * 9, reason="undecodable", outcome="quarantined"),
    "/paywall-stated": BadPage(
        _short(
            "Inside the vault",
            "The vault under the quay was opened on Monday, its keepers said. " * 4,
            '<script type="application/ld+json">{"@type":"NewsArticle","isAccessibleForFree":"False"}</script>',
        ),
        flag="is_paywalled",
    ),
    "/paywall-teaser": BadPage(
        _short(
            "Inside the vault",
            "The vault under the quay was opened on Monday, its keepers said. " * 4
            + "</p><div class='paywall'>Subscribe to continue reading</div><p>",
        ),
        flag="is_paywalled",
    ),
    "/tag/harbour": _rejected(
        b"<html><body><h1>Harbour</h1>" + b"<article><a href='/a'>Harbour plan goes to a vote</a></article>" * 12,
        "section_page",
    ),
    "/video/regatta": _rejected(_short("Regatta in pictures", "Boats race past the quay."), "video_page"),
    "/live/storm": _rejected(page(22).replace(b"Harbour plan 22", b"Live: harbour plan 22"), "live_page"),
    "/consent": _rejected(
        _short("Before you continue", "We value your privacy. Accept all cookies to go on."), "consent_page"
    ),
    "/login": _rejected(_short("Sign in to read on", "Enter your email address and your password."), "consent_page"),
    "/soft-404": _rejected(_short("Page not found", "Sorry, the page you asked for does not exist."), "soft_404"),
    "/koi8-r-as-utf-8": BadPage(_foreign(_RUSSIAN, "koi8-r"), flag="charset_repaired", says=_RUSSIAN.strip()),
    "/cp1251-as-latin-1": BadPage(
        _foreign(_RUSSIAN, "cp1251"), "text/html; charset=iso-8859-1", flag="charset_repaired", says=_RUSSIAN.strip()
    ),
    "/shift-jis": BadPage(_foreign(_JAPANESE, "shift_jis"), "text/html", says=_JAPANESE),
    "/shift-jis-as-utf-8": BadPage(_foreign(_JAPANESE, "shift_jis"), flag="charset_repaired", says=_JAPANESE),
    "/utf-16-without-mark": BadPage(_foreign(_RUSSIAN, "utf-16-le"), "text/html", says=_RUSSIAN.strip()),
    "/utf-8-twice": BadPage(_TWICE, flag="charset_repaired", says="Tärnwïck"),
    "/date-broken": BadPage(_dated("32 Marchtember 20"), says=_PLAN),
    "/date-2099": BadPage(_dated("2099-03-02T10:00:00Z"), flag="date_in_future", says=_PLAN),
    "/date-year-1": BadPage(_dated("0001-01-01T00:00:00Z"), flag="date_implausible", says=_PLAN),
    "/date-without-zone": BadPage(_dated("2026-03-01T10:00:00"), flag="date_without_zone", says=_PLAN),
    "/jsonld-broken": BadPage(_linked('{"@type": "NewsArticle", "headline": "Harbour'), says=_PLAN),
    "/jsonld-array": BadPage(
        _linked('[[{"@type": ["NewsArticle", 3], "author": [null, 7, {"name": ["Jo Marrick"]}]}]]'), says=_PLAN
    ),
    "/jsonld-graph": BadPage(_linked('{"@graph": [{"@type": "NewsArticle", "author": {"@id": "#gone"}}]}'), says=_PLAN),
    "/jsonld-html-body": BadPage(
        _linked('{"@type": "NewsArticle", "articleBody": "<p>Another &amp; text</p>"}'), says=_PLAN
    ),
    "/jsonld-deep": BadPage(_linked('{"a":' * 50_000), says=_PLAN),
}
