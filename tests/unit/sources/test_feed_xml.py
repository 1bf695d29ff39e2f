"""The reduced form of a feed: the values that feedparser reads, in linear time, from any text."""

import io
from contextlib import suppress
from pathlib import Path

import feedparser
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newslake.pipeline.errors import BrokenListingError
from newslake.pipeline.model import Source
from newslake.pipeline.sources.feed_xml import decode_feed, reduce_feed
from newslake.pipeline.sources.feeds import read_feed
from tests.processor_time import processor_seconds
from tests.properties.fuzzing import NOW, URL, examples, page_of
from tests.unit.sources.listings import ATOM, RSS

SOURCE = Source(key="post", kind="feed", location=URL)
HEADERS = {"content-location": URL, "content-type": "application/xml; charset=utf-8"}
RDF = b"""<?xml version="1.0"?><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
 xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="/"><title>Post</title>
<items><rdf:Seq><rdf:li rdf:resource="/1"/></rdf:Seq></items></channel><image rdf:about="/i"><title>Logo</title></image>
<item rdf:about="/1"><title>One</title><link>/1</link><dc:date>2026-03-01T10:00:00Z</dc:date></item></rdf:RDF>"""
PREFIXED = b"""<a:feed xmlns:a="http://www.w3.org/2005/Atom" xml:base="http://wire.example/x/" xml:lang="de">
<a:title>T</a:title>
<a:entry><a:title type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">A &lt;x&gt; <em>b</em></div></a:title>
<a:link rel="enclosure" href="z.mp3"/><a:link href="y"/><a:updated>2026-03-01T10:00:00Z</a:updated><a:source>
<a:title>other</a:title><a:updated>2020-01-01T00:00:00Z</a:updated></a:source></a:entry></a:feed>"""
LOOSE = b"""<rss version="2.0"><channel><title>C&nbsp;D</title><image><title>no</title><link>x</link></image>
<item><title>A &amp; B & C &eacute;</title><link>/?a=1&b=2</link><description>x <b>y</b><br> <p>z</description>
<dc:date>2026-03-02</dc:date></item>
<item><title><![CDATA[2 & <i>3</i>]]></title><guid>/2</guid></item></channel></rss>"""
LATIN = "<?xml version='1.0' encoding='iso-8859-1'?><rss version='2.0'><channel><title>Caf\xe9</title></channel></rss>"
SAMPLES = [
    path.read_bytes() for path in sorted(Path("samples/newsroom").glob("*/*/*.xml")) if "sitemap" not in path.name
]


def _values(xml: bytes) -> object:
    parsed = feedparser.parse(
        io.BytesIO(xml), response_headers=HEADERS, sanitize_html=False, resolve_relative_uris=False
    )
    names = ("link", "title", "published", "published_parsed", "updated", "updated_parsed")
    feed = parsed.version, parsed.feed.get("title"), parsed.feed.get("language")
    entries = [
        [str(dict.get(entry, name)).replace("<em>", "").replace("</em>", "") for name in names]
        for entry in parsed.entries
    ]
    return feed, entries


@pytest.mark.parametrize("body", [RSS, ATOM, RDF, PREFIXED, LOOSE, LATIN.encode("latin-1"), *SAMPLES])
def test_reduction_keeps_what_is_read(body):
    """feedparser reads the same version, titles, links and dates from the reduced feed as from the whole."""
    text = decode_feed(body, content_type="")
    reduced = reduce_feed(text)

    assert reduced.failure is None
    assert _values(reduced.xml) == _values(text.replace("encoding='iso-8859-1'", "").encode())


def _rss(inner: str) -> str:
    item = f"<item><title>x</title><link>/1</link>{inner}</item>"
    return f"<rss version='2.0'><channel><title>T</title>{item}</channel></rss>"


def _atom(inner: str) -> str:
    return f"<feed xmlns='http://www.w3.org/2005/Atom'><title>T</title><entry><link href='/1'/>{inner}</entry></feed>"


def _each(pattern: str, count: int) -> str:
    return "".join(pattern.replace("#", str(number)) for number in range(count))


# 100 to 500 kB each; feedparser alone takes from seconds to hours for the first twelve, and for "declaration".
SLOW = {
    "attributes": lambda: _rss("").replace("<channel>", f"<channel {_each('a#="1" ', 40_000)}>"),
    "attributes of a link": lambda: _rss(f"<link {_each('a#="1" ', 40_000)}>/2</link>"),
    "namespaces": lambda: f"<rss version='2.0' {_each("xmlns:a#='u:#' ", 9000)}>{_each('<a#:x/>', 9000)}</rss>",
    "namespaces of elements": lambda: _rss(_each("<a#:x xmlns:a#='u:#'/>", 12_000)),
    "nested bases": lambda: _rss("<a xml:base='a/'>" * 15_000 + "</a>" * 15_000),
    "nested entries with bases": lambda: _rss("<item xml:base='a/'>" * 4000 + "</item>" * 4000),
    "nesting": lambda: _rss("<a>" * 50_000 + "</a>" * 50_000),
    "categories": lambda: _rss(_each("<category>c#</category>", 16_000)),
    "tags": lambda: _rss(f"<tags>{_each('c#,', 60_000)}</tags>"),
    "author": lambda: _rss(f"<author>{'a' * 300_000}</author>"),
    "editor": lambda: _rss("").replace("<item>", f"<managingEditor>{'a' * 300_000}</managingEditor><item>"),
    "blanks before xhtml": lambda: _atom(f"<content type='xhtml'>{chr(10) * 300_000}<div/></content>"),
    "xhtml in xhtml": lambda: _atom(f"<content type='xhtml'>{'<div>' * 30_000}{'</div>' * 30_000}</content>"),
    "title": lambda: _rss(f"<title>{'&lt;b&gt;x&lt;/b&gt;' * 20_000}</title>"),
    "links": lambda: _atom(_each("<link href='/#'/>", 5000)),
    "pieces of text": lambda: _rss(f"<title>{'<![CDATA[a]]>' * 30_000}</title>"),
    "declaration": lambda: "<?" + 'encoding="' * 10_000 + _rss(""),
    "punycode": lambda: f"<?xml version='1.0' encoding='punycode'?>{_rss('a' * 100_000 + '-b9')}",
    "unclosed": lambda: _rss("&nbsp;" + "<a b=\"'" * 40_000),
    "unclosed comments": lambda: _rss("&nbsp;" + "<!--" * 60_000),
    "unclosed data": lambda: _rss("&nbsp;" + "<![CDATA[" * 30_000),
    "unclosed doctypes": lambda: _rss("&nbsp;" + "<!DOCTYPE" * 30_000),
    "names": lambda: _rss("&nbsp;<title " + "a" * 300_000 + ">"),
    "blanks in a tag": lambda: _rss("&nbsp;<title a" + " " * 300_000 + "/ >"),
    "references": lambda: _rss(f"<title>{'&' * 100_000}{'&a' * 60_000}&#{'1' * 100_000};</title>"),
}


@pytest.mark.parametrize("name", SLOW)
def test_feed_that_is_slow_in_feedparser_is_fast(name):
    """A feed made for a parser that is quadratic in one part is read, or refused, in a second of processor time."""
    body = SLOW[name]().encode()

    def read():
        with suppress(BrokenListingError):
            read_feed(page_of(body, "application/rss+xml"), SOURCE, now=NOW)

    assert processor_seconds(read) < 2


@pytest.mark.parametrize(
    "cut", ["<link>http://a.example/sto", "<guid>http://a.example/sto", "<link>http://a.example/story</link>"]
)
def test_entry_at_the_cut_is_dropped(cut):
    """The last entry of a feed that ends in it is not read, because its link may be cut."""
    whole = "<rss version='2.0'><channel><item><link>/1</link></item>"
    for root in ("", "</channel></rss>"):  # broken feeds have entries after the end of the root
        reduced = reduce_feed(f"{whole}{root}<item><title>Two</title>{cut}")

        assert reduced.failure == ("broken_feed", "it ends before </rss>")
        assert [each[0] for each in _values(reduced.xml)[1]] == ["https://post.example/1"]


@pytest.mark.parametrize("foreign", ["item", "entry", "channel", "rdf"])
@pytest.mark.parametrize("form", ["<x:{0}>no</x:{0}>", "<content type='xhtml'><{0}>no</{0}><p/></content>", "<x:{0}/>"])
def test_foreign_element_does_not_split_an_entry(foreign, form):
    """Another vocabulary, or the content of an entry, may have elements with the names of a feed's entries."""
    inner = form.format(foreign)
    rss = f"<rss version='2.0'><channel><item><title>One</title>{inner}<link>/1</link></item></channel></rss>"
    atom = f"<feed xmlns='http://www.w3.org/2005/Atom'><entry><title>One</title>{inner}<link href='/1'/></entry></feed>"
    for text in (rss, atom):
        entries = _values(reduce_feed(text).xml)[1]
        assert [each[:2] for each in entries] == [["https://post.example/1", "One"]]


@pytest.mark.parametrize("lost", ["</description></item>", "</description>", "</item>"])
def test_entry_without_its_end_stops_no_other(lost):
    """An entry whose end tags are missing does not hide the next ones."""
    text = "".join(f"<item><link>/{n}</link><description>x</description></item>" for n in range(4))
    text = f"<rss version='2.0'><channel>{text.replace(lost, '', 1)}</channel></rss>"

    assert [each[0] for each in _values(reduce_feed(text).xml)[1]] == [f"https://post.example/{n}" for n in range(4)]


def test_entries_are_limited():
    """Of a feed with more than 50,000 entries the first are kept, and the failure says so."""
    reduced = reduce_feed(f"<rss version='2.0'><channel>{'<item/>' * 50_010}</channel></rss>")

    assert reduced.xml.count(b"<item") == 50_001
    assert reduced.failure == ("too_many_urls", "it has more than 50000 entries")


@pytest.mark.parametrize(
    ("body", "content_type", "title"),
    [
        ("Café".encode(), "application/rss+xml", "Café"),
        ("Café".encode(), "application/rss+xml; charset=latin1", "CafÃ©"),
        ("Café “x”".encode("cp1252"), "text/xml", "Café “x”"),
        (b"\xef\xbb\xbf" + "Café".encode(), "text/xml; charset=latin1", "Café"),
        ("Café".encode("utf-16"), "text/xml", "Café"),
        ("Café".encode("utf-32"), "text/xml", "Café"),
        ("é è ê".encode() + b"\xff", "text/xml", "é è ê\ufffd"),
        ("é".encode(), "text/xml; charset=nosuch", "é"),
        (b"+AGE-", "text/xml; charset=utf-7", "+AGE-"),
        (b"a\\u0062", "text/xml; charset=unicode_escape", "a\\u0062"),
    ],
)
def test_feed_is_decoded(body, content_type, title):
    """A BOM decides, then the charset of the header; an unfit one is not used, and a bad byte spoils no other text."""
    assert decode_feed(body, content_type=content_type) == title


ANY_TEXT = st.text(st.characters(codec=None, categories=None), max_size=80)
PIECES = st.sampled_from((
    "<rss version='2.0'>", "<channel>", "<item>", "</item>", "<title>", "</title>", "<link>", "</link>", "<entry>",
    "]]>", "</rss>", "<![CDATA[", "<!--", "-->", "<a:b c='", "\"", "'", ">", "<", "&#xd800;", "&#0;", "&amp;", "&nbsp;",
    "/x", "/>", "<pubDate>2026-03-02</pubDate>", "<feed xmlns='http://www.w3.org/2005/Atom'>", "<link href='/1'/>",
    "<?", "\0", "\ud83d",
))  # fmt: skip


@examples(200)
@given(pieces=st.lists(PIECES | ANY_TEXT, max_size=30))
def test_any_text_can_be_reduced(pieces):
    """From any code points comes valid UTF-8 that declares nothing and holds no more text than the feed."""
    text = "<rss version='2.0'>" + "".join(pieces)
    reduced = reduce_feed(text)

    assert "<!" not in reduced.xml.decode()
    assert len(reduced.xml.decode()) <= 6 * len(text) + 200


@examples(200)
@given(pieces=st.lists(PIECES | ANY_TEXT, max_size=30))
def test_feed_of_any_code_points_is_read_or_refused(pieces):
    """Every entry has a URL and hints that can be stored; a good entry before the damage is always there."""
    head = "<rss version='2.0'><channel><title>T</title><item><title>Pier</title><link>/pier</link></item>"
    body = (head + "".join(pieces)).encode("utf-8", "surrogatepass")
    found = read_feed(page_of(body, "application/rss+xml"), SOURCE, now=NOW)

    assert found[0].ref.url == "https://post.example/pier"
    for each in found:
        hints = each.ref.hints
        for text in (each.ref.url, each.ref.file, hints.title, hints.publisher, each.problem and str(each.problem)):
            assert "\0" not in (text or "")
            (text or "").encode()
