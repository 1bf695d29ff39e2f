"""The pages of people and organisations: links, receipts, and escaping of untrusted text."""

import re
from datetime import UTC, date, datetime
from html import unescape
from pathlib import Path

import pytest

from newslake.pipeline.addons.newsroom.pages.people import entity_page, list_entities, people_page, read_entity
from newslake.pipeline.errors import ConfigError
from tests.unit.query.conftest import WriteRows, small_lake, write_rows

__all__ = ["small_lake", "write_rows"]

DAY, TODAY = date(2026, 3, 2), date(2026, 3, 4)
HOSTILE = "<script>alert(1)</script>\"'\u202e"


def _links(html: str) -> list[str]:
    return [unescape(each) for each in re.findall(r'<a [^>]*?href="([^"]*)"', html)]


def _people(lake: Path, **query: str) -> str:
    return people_page(list_entities(lake, "person", query, today=TODAY), root="")


def _entity(lake: Path, entity_id: str = "e-okoro", **query: str) -> str:
    found = read_entity(lake, "person", entity_id, query, today=TODAY)
    assert found is not None
    return entity_page(found, query, root="../")


@pytest.fixture
def okoro_lake(write_rows: WriteRows) -> Path:
    """Ada Okoro with one mention and 30 quotes in one article."""
    keys = {"article_id": "a" * 32, "revision_id": "a" * 16, "published_at": datetime(2026, 3, 2, tzinfo=UTC)}
    write_rows("articles", DAY, [{**keys, "title": "Harbour", "publisher": "Echo", "fetched_at": keys["published_at"]}])
    mention = {"entity_id": "e0c0", "entity_type": "PERSON", "entity_text": "Ada Okoro", "entity_name": "Ada Okoro"}
    write_rows("entities", DAY, [{**keys, **mention, "role_text": "harbour master", "cluster_index": 0}])
    said = {"speaker_kind": "person", "speaker_entity_id": "e0c0", "speaker_cluster_index": 0, "cue_text": "said"}
    quotes = [{**keys, **said, "quote_index": at, "quote_text": f"“No {at}.”"} for at in range(30)]
    return write_rows("quotes", DAY, quotes)


def test_list_links_to_the_pages_of_people(okoro_lake: Path):
    """Each person has a link with the period of the list; the other kind is one click away."""
    html = _people(okoro_lake)

    assert "people/e0c0?from=2026-02-01&to=2026-03-02" in _links(html)
    assert "organisations?from=2026-02-01&to=2026-03-02" in _links(html)
    assert '<td class="number" data-l="quotes">30</td>' in html


def test_list_without_a_match_says_so(okoro_lake: Path):
    """An empty list says which days it is about."""
    empty = _people(okoro_lake, name="nobody")
    assert "No matching people: 2026-02-01 to 2026-03-02." in empty
    assert "people?name=nobody&amp;from=2025-03-02&amp;to=2026-03-02" in empty


def test_quotes_have_receipts(okoro_lake: Path):
    """Each quote links to its place in the article and to its provenance; the rest is on the next page."""
    html = _entity(okoro_lake, "e0c0")

    assert f"../articles/{'a' * 32}#q1" in _links(html)
    assert f"../why?url={'a' * 32}%3Aquotes%3A0" in _links(html)
    assert html.count(">why</a>") == 25
    [more] = [each for each in _links(html) if "after=" in each]
    assert more.startswith("../people/e0c0?from=2026-02-01&to=2026-03-02&after=2026-03-02")
    following = _entity(okoro_lake, "e0c0", after=f"2026-03-02,{'a' * 32},24")
    assert following.count(">why</a>") == 5
    assert "after=" not in "".join(_links(following))


def test_person_has_bars_with_their_numbers(okoro_lake: Path):
    """The chart has one bar per day with quotes; the numbers are in a table, too."""
    html = _entity(okoro_lake, "e0c0")

    assert html.count("<rect ") == 1
    assert "<title>2026-03-02: 30 quotes</title>" in html
    assert '<tr><th scope="row">2026-03-02</th><td class="number">30</td></tr>' in html
    assert "harbour master" in html


def test_names_and_quotes_are_escaped(write_rows: WriteRows):
    """Markup and direction overrides in every text of a person are shown as text."""
    keys = {"article_id": "a" * 32, "revision_id": "a" * 16, "published_at": datetime(2026, 3, 2, tzinfo=UTC)}
    texts = {"title": HOSTILE, "publisher": HOSTILE, "fetched_at": keys["published_at"]}
    write_rows("articles", DAY, [{**keys, **texts}])
    mention = {"entity_type": "PERSON", "entity_text": HOSTILE, "entity_name": HOSTILE, "role_text": HOSTILE}
    write_rows("entities", DAY, [{**keys, **mention, "entity_id": "../" + HOSTILE, "cluster_index": 0}])
    said = {"speaker_kind": "person", "speaker_entity_id": "../" + HOSTILE, "quote_text": HOSTILE, "cue_text": HOSTILE}
    lake = write_rows("quotes", DAY, [{**keys, **said, "speaker_role": HOSTILE, "speaker_cluster_index": 0}])

    for html in (_people(lake), _entity(lake, "../" + HOSTILE)):
        assert "<script" not in html
        assert "\u202e" not in html
        assert "[U+202E]" in html
    assert not [each for each in _links(_people(lake)) if "people/" in each], "an odd id is not a link"


@pytest.mark.parametrize("after", ["x", "1,2", "-1,2,a", "1.5,1,a", "1,,a", "9" * 30 + ",1,a"])
def test_invalid_cursor_of_the_list_is_refused(small_lake: Path, after: str):
    """A value that is not a position in the list is an error that says what to do."""
    with pytest.raises(ConfigError, match="after="):
        list_entities(small_lake, "person", {"after": after}, today=TODAY)


@pytest.mark.parametrize("after", ["x", "2026-03-02", "2026-99-99,a,1", "2026-03-02,,1", "2026-03-02,a,x"])
def test_invalid_cursor_of_quotes_is_refused(small_lake: Path, after: str):
    """A value that is not a position in the quotes is an error that says what to do."""
    with pytest.raises(ConfigError, match="after="):
        read_entity(small_lake, "person", "e-okoro", {"after": after}, today=TODAY)


def test_entity_of_earlier_days_has_a_page(okoro_lake: Path, write_rows: WriteRows):
    """Without days in the URL, a person whom the last days do not mention has the page of the last year."""
    keys = {"article_id": "b" * 32, "revision_id": "b" * 16, "published_at": datetime(2026, 6, 1, tzinfo=UTC)}
    write_rows("articles", date(2026, 6, 1), [{**keys, "fetched_at": keys["published_at"]}])

    found = read_entity(okoro_lake, "person", "e0c0", {}, today=TODAY)
    assert found is not None
    assert (str(found.first), str(found.last), found.step) == ("2025-06-01", "2026-06-01", "week")


def test_entity_has_no_page_on_days_without_a_mention(okoro_lake: Path):
    """A person without a mention on the requested days has no page."""
    assert read_entity(okoro_lake, "person", "e0c0", {"day": "2026-03-01"}, today=TODAY) is None
