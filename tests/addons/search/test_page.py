"""The page of a search: highlighted hits, escaping, links to other pages, messages; the same as JSON."""

import json
import re
from datetime import UTC, datetime
from html import unescape
from pathlib import Path

import pytest

from newslake.pipeline.addons.newsroom.pages.json_pages import to_json
from newslake.pipeline.addons.search.index import update_index
from newslake.pipeline.addons.search.page import list_hits, parse_search_request, search_page
from newslake.pipeline.errors import ConfigError, LakeError
from newslake.pipeline.lake import Lake
from tests.unit.lake.rows import Story, batch_keys, batch_tables, near_duplicate_rows

HOSTILE = "<script>alert(1)</script> \"'\u202e &amp; ferry"


@pytest.fixture(scope="module")
def lake_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake with 25 articles about a ferry, one of them hostile, indexed."""
    folder = tmp_path_factory.mktemp("search") / "lake"
    lake = Lake(folder, durability="process", now=lambda: datetime.now(UTC))
    stories = [Story(0, HOSTILE), *(Story(n, f"The ferry number{n} waits.", day=n % 3) for n in range(1, 25))]
    lake.stage("b1", batch_tables(stories), batch_keys(stories))
    lake.commit(["b1"], is_current=lambda *_: True)
    update_index(folder, durability="process")
    return folder


def html_of(lake_dir: Path, root: str = "", **query: str) -> str:
    request = parse_search_request({name.rstrip("_"): value for name, value in query.items()})
    return search_page(lake_dir, request, root=root, choices=("harbour", "other"), seconds=10)


def links(html: str, name: str) -> list[str]:
    return [unescape(each) for each in re.findall(rf'<a href="([^"]*)">{name}</a>', html)]


def test_hits_are_highlighted_and_linked(lake_dir: Path) -> None:
    """A hit has its title, day, publisher, offsets and a marked snippet; its link leads to the word in the article."""
    html = html_of(lake_dir, q="number7")
    assert "1 matching article, best first: 1 to 1." in html
    assert f'href="articles/{Story(7).article_id}#:~:text=number7"' in html
    assert "The ferry <mark>number7</mark> waits." in html
    start = Story(7, "The ferry number7 waits.").text.index("number7")
    assert f"2026-02-04 · harbour · characters {start} to {start + 7}" in html
    assert 'value="number7"' in html


def test_hostile_texts_are_text(lake_dir: Path) -> None:
    """Markup of an article and of the search is escaped; characters that change the direction are visible."""
    assert "<b>" not in html_of(lake_dir, q="alert <b>\"x' OR ferry")
    html = html_of(lake_dir, q="alert")
    assert "<script" not in html
    assert "&lt;script&gt;<mark>alert</mark>(1)&lt;/script&gt;" in html
    assert "[U+202E]" in html
    assert "\u202e" not in html


def test_pages_are_linked(lake_dir: Path) -> None:
    """The first page has 20 hits and a link to the next; the second has the rest, and a link back."""
    html = html_of(lake_dir, q="ferry", source="harbour")
    assert "25 matching articles, best first: 1 to 20." in html
    assert links(html, "More hits") == ["search?q=ferry&source=harbour&page=2"]
    html = html_of(lake_dir, root="../", q="ferry", page="2")
    assert re.findall(r'<li value="(\d+)">', html) == ["21", "22", "23", "24", "25"]
    assert (links(html, "More hits"), links(html, "Better hits")) == ([], ["../search?q=ferry&page=1"])


def test_duplicates_are_folded(tmp_path: Path) -> None:
    """Hits with nearly the same text are one, with the others in its fold; each duplicate links to its original."""
    lake = Lake(tmp_path, durability="process", now=lambda: datetime.now(UTC))
    stories = [Story(n, f"The ferry waits. {'Ferry. ' * (n == 2)}") for n in range(1, 5)]
    lake.stage("b1", batch_tables(stories), batch_keys(stories))
    lake.commit(["b1"], is_current=lambda *_: True)
    update_index(tmp_path, durability="process")
    original = {stories[n].article_id: stories[0].article_id for n in (1, 2)}
    lake.replace("near_duplicates", lambda: {stories[0].published_date: near_duplicate_rows(stories, original)})
    html = html_of(tmp_path, q="ferry")
    assert "4 matching articles, best first: 1 to 4." in html
    main, fold = html.split("<details>")[0], html.split("<details>")[1].split("</details>")[0]
    assert stories[1].article_id in main
    assert "2 more with nearly the same text: harbour" in fold
    assert re.findall(r'<a href="articles/(\w+)#', fold) == [stories[2].article_id, stories[0].article_id]
    repeated = f'<a href="articles/{stories[0].article_id}">duplicate of an earlier article</a>'
    assert (main.count(repeated), fold.count(repeated)) == (1, 1)
    assert f"articles/{stories[3].article_id}#" in html
    found = list_hits(tmp_path, parse_search_request({"q": "ferry"}), seconds=10)["hits"]
    assert {hit["article_id"]: hit["dup_group_id"] for hit in found if hit["is_duplicate"]} == original  # type: ignore[attr-defined]


def test_duplicate_of_an_earlier_revision_is_not_marked(tmp_path: Path) -> None:
    """An article that has changed since it was clustered is marked only after it is clustered again."""
    lake = Lake(tmp_path, durability="process", now=lambda: datetime.now(UTC))
    before, *stories = Story(2, "Waits."), Story(1, "The ferry waits."), Story(2, "The ferry sank.", seen=1)
    lake.stage("b1", batch_tables(stories), batch_keys(stories))
    lake.commit(["b1"], is_current=lambda *_: True)
    rows = near_duplicate_rows([before], {before.article_id: stories[0].article_id})
    lake.replace("near_duplicates", lambda: {before.published_date: rows})
    update_index(tmp_path, durability="process")
    html = html_of(tmp_path, q="ferry")
    assert ("2 matching articles" in html, "nearly the same" in html, "duplicate of" in html) == (True, False, False)


def test_filters_are_kept(lake_dir: Path) -> None:
    """Period, source and language select, and are in the form again; an unknown source is offered too."""
    html = html_of(lake_dir, q="ferry", from_="2026-02-05", to="2026-02-05", source="elsewhere", language="en")
    assert "No matching articles." in html
    assert "<option selected>elsewhere</option>" in html
    assert 'name="from" value="2026-02-05"' in html
    assert 'name="language" value="en"' in html


def test_form_alone(lake_dir: Path) -> None:
    """Without a text, the page has the form and the syntax, and searches nothing."""
    html = html_of(lake_dir)
    assert "matching" not in html
    assert "<details open>" in html
    assert re.findall(r"<option(?: selected)?>(\w+)", html) == ["harbour", "other"]


@pytest.mark.parametrize(
    ("text", "message"),
    [("-ferry", "add a word"), ("a*", "a\\* is too short"), ("!?", "write a word")],
)
def test_text_that_cannot_be_searched_is_a_message(lake_dir: Path, text: str, message: str) -> None:
    """A text that cannot be searched stays in the form, with what to do."""
    html = html_of(lake_dir, q=text)
    assert re.search(rf'<p role="status">[^<]*{message}', html)
    assert f'value="{text}"' in html


@pytest.mark.parametrize(
    ("query", "key"),
    [
        ({"page": "0"}, "page"),
        ({"page": "51"}, "page"),
        ({"page": "²"}, "page"),
        ({"from": "yesterday"}, "from"),
        ({"q": "x" * 401}, "q"),
    ],
)
def test_invalid_parameters_are_named(query: dict[str, str], key: str) -> None:
    """An invalid page, date or text is an error with its key."""
    with pytest.raises(ConfigError) as error:
        parse_search_request(query)
    assert error.value.key == key


def test_period_that_ends_before_it_starts_is_named(lake_dir: Path) -> None:
    """An end before the start is an error of the period, not of the text."""
    with pytest.raises(ConfigError, match="swap them"):
        html_of(lake_dir, q="ferry", from_="2026-02-05", to="2026-02-04")


def test_missing_index_is_named(tmp_path: Path) -> None:
    """A lake whose articles are not indexed yet has an error with the command."""
    lake = Lake(tmp_path, durability="process", now=lambda: datetime.now(UTC))
    lake.stage("b1", batch_tables([Story(1)]), batch_keys([Story(1)]))
    lake.commit(["b1"], is_current=lambda *_: True)
    with pytest.raises(LakeError, match="newslake search --rebuild"):
        html_of(tmp_path, q="ferry")


def test_index_that_is_older_is_named(tmp_path: Path) -> None:
    """Until the index is updated, the page says that articles may be missing, and whether an update goes on."""
    lake = Lake(tmp_path, durability="process", now=lambda: datetime.now(UTC))
    for number in (1, 2):
        lake.stage(f"b{number}", batch_tables([Story(number)]), batch_keys([Story(number)]))
        lake.commit([f"b{number}"], is_current=lambda *_: True)
        if number == 1:
            update_index(tmp_path, durability="process")
    assert "The search index is older than the tables" in html_of(tmp_path, q="ferry")
    request = parse_search_request({"q": "ferry"})
    building = search_page(tmp_path, request, root="", seconds=10, is_building=True)
    assert "is being updated: articles may be missing. Search again in a minute." in building
    update_index(tmp_path, durability="process")
    assert "is being updated" not in search_page(tmp_path, request, root="", seconds=10, is_building=True)


def test_json_has_the_same_hits(lake_dir: Path) -> None:
    """The JSON has the count, and ids and offsets of the hits; invisible characters are escaped."""
    found = json.loads(to_json(list_hits(lake_dir, parse_search_request({"q": "ferry", "page": "2"}), seconds=10)))
    assert (found["text"], found["total"], found["offset"], len(found["hits"])) == ("ferry", 25, 20, 5)
    assert all(hit["end_char"] - hit["start_char"] == len("ferry") for hit in found["hits"])
    written = to_json(list_hits(lake_dir, parse_search_request({"q": "alert"}), seconds=10)).decode()
    assert "\u202e" not in written
    assert "\\u202e" in written
