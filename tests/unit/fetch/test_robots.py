"""How long rules are cached, and which group applies to us."""

from datetime import datetime, timedelta

import pytest

from newslake.pipeline.errors import BrokenItemError, NewsError
from newslake.pipeline.fetch import Fetcher, robots
from newslake.pipeline.model import Hints, RightsStatement
from tests.faults.hostile import NOW, Hostile, hostile_server, limits


class _Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


def _fetcher(server: Hostile, clock: _Clock, **changes: object) -> Fetcher:
    return Fetcher(limits(**changes), private_hosts=frozenset({server.host}), now=clock)


def _reason(fetcher: Fetcher, url: str) -> str | None:
    got = fetcher.try_fetch(url)
    return got.reason if isinstance(got, NewsError) else None


def test_rules_are_cached_for_a_day():
    """After 24 hours robots.txt is requested again."""
    with hostile_server() as server:
        server.says("/robots.txt", 200, b"User-agent: *\nDisallow: /\n")
        url, clock = server.says("/a", 200, b"page"), _Clock()
        with _fetcher(server, clock) as fetcher:
            assert _reason(fetcher, url) == "robots_refused"
            server.says("/robots.txt", 404)
            clock.now += timedelta(hours=23, minutes=59)
            assert _reason(fetcher, url) == "robots_refused"
            clock.now += timedelta(minutes=1)
            assert _reason(fetcher, url) is None

        assert server.seen["/robots.txt"] == 2


def test_unreachable_rules_are_requested_again_soon():
    """A robots.txt that failed is requested again after 5 minutes."""
    with hostile_server() as server:
        server.says("/robots.txt", 503)
        url, clock = server.says("/a", 200, b"page"), _Clock()
        with _fetcher(server, clock, attempts=1) as fetcher:
            assert _reason(fetcher, url) == "robots_unreachable"
            server.says("/robots.txt", 200, b"")
            assert _reason(fetcher, url) == "robots_unreachable"
            clock.now += timedelta(minutes=5)
            assert _reason(fetcher, url) is None


@pytest.mark.parametrize("path", ["/robots.txt", "/.well-known/tdmrep.json"])
def test_defect_in_reading_rules_is_a_broken_item(monkeypatch, path):
    """Pages whose host has a file on which our code fails are broken items; it is requested again after 5 minutes."""

    def failing(*_, **__):
        raise KeyError("half")

    for name in ("RobotsRules", "well_formed_json"):
        monkeypatch.setattr(robots, name, failing)
    with hostile_server() as server:
        server.says(path, 200, b"[]")
        urls, clock = [server.says(page, 200, b"page") for page in ("/a", "/b")], _Clock()
        with _fetcher(server, clock, obeys_reservation=True) as fetcher:
            for url in urls:
                got = fetcher.try_fetch(url)
                assert isinstance(got, BrokenItemError)
                assert f"{path.rpartition('/')[2]} of {server.host}: newslake failed on it (KeyError in " in str(got)
            assert server.seen[path] == 1
            monkeypatch.undo()
            clock.now += timedelta(minutes=5)
            assert _reason(fetcher, urls[0]) is None


def test_statements_of_an_earlier_fetch_are_replaced():
    """A page has the statements that its host makes at the time of this fetch, not those of an earlier one."""
    old = Hints(title="Quay", rights=(RightsStatement("robots: noai", "before"),), tdm_reserved=True)
    with hostile_server() as server:
        server.says("/robots.txt", 200, b"User-agent: *\nContent-Signal: ai-train=yes\n")
        with _fetcher(server, _Clock()) as fetcher:
            hints = fetcher.fetch(server.says("/a", 200, b"page"), hints=old).hints

        place = f"line 2 of {server.url('/robots.txt')}, 2026-03-02T09:30:00Z"
        stated = RightsStatement("content-signal: ai-train=yes", place)
        assert hints == Hints(title="Quay", rights=(stated,))


def test_our_group_is_named_by_product():
    """The group of our product token applies, not one that the comment of our User-Agent mentions."""
    rules = b"User-agent: newslake\nDisallow: /ours\n\nUser-agent: contact\nDisallow: /\n"
    with hostile_server() as server:
        server.says("/robots.txt", 200, rules)
        server.says("/free", 200, b"page")
        with _fetcher(server, _Clock(), user_agent="newslake/0.1 (contact desk@example.org)") as fetcher:
            assert _reason(fetcher, server.url("/free")) is None
            assert _reason(fetcher, server.url("/ours/1")) == "robots_refused"


def test_redirected_robots_are_followed():
    """A redirected robots.txt is read at its new place; a redirect loop counts as a missing file."""
    with hostile_server() as server:
        server.says("/robots.txt", 301, Location="/rules")
        server.says("/rules", 200, b"User-agent: *\nDisallow: /\n")
        with _fetcher(server, _Clock()) as fetcher:
            assert _reason(fetcher, server.url("/a")) == "robots_refused"
    with hostile_server() as server:
        server.says("/robots.txt", 301, Location="/robots.txt")
        url = server.says("/a", 200, b"page")
        with _fetcher(server, _Clock()) as fetcher:
            assert _reason(fetcher, url) is None


def test_refusal_names_the_line_that_decides():
    """A refusal quotes the line of robots.txt in our group that disallows the page, despite other groups."""
    rules = b"User-agent: other\nDisallow: /news\n\nUser-agent: *\nAllow: /\nDisallow: /tips\nDisallow: /news/vault\n"
    with hostile_server() as server:
        server.says("/robots.txt", 200, rules)
        with _fetcher(server, _Clock()) as fetcher:
            for path, line in (("/news/vault/1", 7), ("/tips/2", 6), ("/news/vault/3", 7)):
                got = fetcher.try_fetch(server.says(path, 200, b"page"))
                assert isinstance(got, NewsError)
                assert f"(line {line}: Disallow: {'/tips' if line == 6 else '/news/vault'})" in str(got)
            assert _reason(fetcher, server.says("/news/quay", 200, b"page")) is None
