"""Atom files: valid, safe, and the same bytes for the same messages."""

from datetime import datetime
from pathlib import Path
from uuid import UUID

import feedparser
import pytest
from lxml import etree

from newslake.pipeline.addons.alerts.alert import AlertCheck, AlertItem
from tests.addons.alerts.receiver import HOUR, NOON, new_store, policy, rows, state

ATOM = "{http://www.w3.org/2005/Atom}"
QUOTE = AlertItem(
    key="q1",
    title='"Boats & <b>lanterns</b>" ]]>',
    detail="line one\nline two",
    receipt="http://127.0.0.1:8080/articles/1?a=1&b=2",
    article_url="https://harbour.example/boats?x=1&y=2",
    command="newslake why articles 1",
)


def check_of(*items: AlertItem) -> AlertCheck:
    return AlertCheck(rule="ferry", kind="rows", items=items)


def test_atom_file_has_what_rfc_4287_demands(tmp_path: Path) -> None:
    """Feed and entries have id, title and updated; ids are unique URNs, times RFC 3339, links absolute."""
    store = new_store(tmp_path)
    store.record(check_of(QUOTE), policy(rule="ferry"), now=NOON)
    store.record(rows("b", "c"), policy(rule="ferry"), now=NOON + HOUR)
    feed = etree.fromstring(Path(store.feed_place("ferry")).read_bytes())
    entries = feed.findall(f"{ATOM}entry")
    for each in (feed, *entries):
        assert UUID(each.findtext(f"{ATOM}id")).version in (4, 5)
        assert each.findtext(f"{ATOM}title")
        assert datetime.fromisoformat(each.findtext(f"{ATOM}updated")).utcoffset() is not None
    assert len({each.findtext(f"{ATOM}id") for each in (feed, *entries)}) == 3
    assert feed.findtext(f"{ATOM}updated") == "2026-03-10T13:00:00Z"
    assert feed.find(f"{ATOM}author/{ATOM}name") is not None
    assert [each.findtext(f"{ATOM}title") for each in entries] == ["Ferry: 2 new rows", f"Ferry: {QUOTE.title}"]


def test_feed_reader_sees_texts_and_links(tmp_path: Path) -> None:
    """A feed reader gets the texts as they are, the article page as the entry's link, and the publisher's page."""
    store = new_store(tmp_path)
    store.record(check_of(QUOTE), policy(rule="ferry"), now=NOON)
    read = feedparser.parse(Path(store.feed_place("ferry")).read_bytes())
    assert not read.bozo
    [entry] = read.entries
    assert entry.title == f"Ferry: {QUOTE.title}"
    assert entry.link == QUOTE.receipt
    assert [link.href for link in entry.links] == [QUOTE.receipt, QUOTE.article_url]
    assert QUOTE.command in entry.content[0].value


@pytest.mark.parametrize("url", ["javascript:alert(1)", "http://[half", "data:text/html,x", "/relative"])
def test_only_web_addresses_are_links(tmp_path: Path, url: str) -> None:
    """An address that is not of the web is text, never a link."""
    store = new_store(tmp_path)
    store.record(check_of(AlertItem(key="a", title="odd", article_url=url)), policy(rule="ferry"), now=NOON)
    assert "<link" not in Path(store.feed_place("ferry")).read_text()


def test_same_state_gives_the_same_bytes(tmp_path: Path) -> None:
    """A lost, torn or foreign Atom file is written again, byte for byte; an unfinished one is removed."""
    store = new_store(tmp_path)
    store.record(state("river"), policy(), now=NOON)
    path = Path(store.feed_place("sources"))
    whole = path.read_bytes()
    unfinished = path.with_name(f".{path.name}.0123")
    for damage in (path.unlink, lambda: path.write_bytes(whole[:99]), lambda: unfinished.write_bytes(b"<feed")):
        damage()
        store.write_feeds()
        assert path.read_bytes() == whole
        assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_rule_without_messages_has_a_file(tmp_path: Path) -> None:
    """A feed reader may subscribe before the first message; the name of a rule cannot leave the folder."""
    store = new_store(tmp_path)
    store.record(state(rule="../up"), policy(rule="../up"), now=NOON)
    [path] = (tmp_path / "alerts" / "feeds").iterdir()
    assert feedparser.parse(path.read_bytes()).entries == []
    assert not (tmp_path / "alerts" / "up.xml").exists()
