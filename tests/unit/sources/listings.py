"""Invented feeds and sitemaps, and their sources."""

from newslake.pipeline.archive import Validators
from newslake.pipeline.fetch import Fetcher
from newslake.pipeline.model import Source
from newslake.pipeline.sources import Listing, discover
from tests.faults.hostile import NOW, Hostile, fetcher_for

RSS = b"""<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel>
<title>Tidewater Courier</title><language>en-gb</language>
<item><title>Bridge &amp; ferry closed</title><link>/news/bridge</link>
<pubDate>Mon, 02 Mar 2026 08:15:30 +0100</pubDate></item>
<item><title>Quiet week</title><link>http://courier.example/news/quiet#top</link></item>
<item><title>No link at all</title><description>x</description></item>
<item><title>Bridge again</title><link>/news/bridge</link></item>
<item><title>By mail</title><link>mailto:desk@courier.example</link></item>
<item><title>Only the day</title><link>/news/day</link><dc:date>2026-03-01</dc:date></item>
<item><title>Far off</title><link>/news/far</link><pubDate>Mon, 02 Mar 2099 08:00:00 GMT</pubDate></item>
</channel></rss>"""

ATOM = b"""<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en"><title>Harbour Wire</title>
<entry><title type="html">Crane &lt;b&gt;stuck&lt;/b&gt;</title><link rel="self" href="/self/1"/>
<link rel="alternate" href="/wire/1"/><published>2026-03-01T22:30:00-02:00</published>
<updated>2026-03-02T03:00:00Z</updated></entry>
<entry><title>Only updated</title><link href="/wire/2"/><updated>2026-03-02T04:00:00Z</updated></entry>
</feed>"""

BOMB = b"""<?xml version="1.0"?>
<!DOCTYPE r [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">
<!ENTITY x SYSTEM "file:///etc/hostname">]>
"""


def source_at(server: Hostile, path: str, *, kind: str = "feed", publisher: str | None = None) -> Source:
    """Return a source at a path of the server."""
    return Source(key="courier", kind=kind, location=server.url(path), publisher=publisher)


def listing_of(source: Source, fetcher: Fetcher, validators: Validators | None = None) -> Listing:
    """Return the source's listing at NOW."""
    return discover(source, day=NOW.date(), fetcher=fetcher, validators=validators, now=lambda: NOW)


def entries_of(server: Hostile, source: Source, **changes: object) -> list[tuple[str | None, str | None]]:
    """Return each entry as (place, reason of its problem)."""
    with fetcher_for(server, **changes) as fetcher:
        return [
            (found.ref.url or found.ref.file, found.problem.reason if found.problem else None)
            for found in listing_of(source, fetcher).entries
        ]
