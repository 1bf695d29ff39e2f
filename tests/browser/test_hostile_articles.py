"""Hostile strings in every field of an article, its provenance and its revisions are shown as text."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from html import escape
from itertools import batched
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from newslake.pipeline.clusters import SentenceChange
from newslake.pipeline.lake import Lake
from newslake.pipeline.model.provenance import Check, Fact, ProvenanceStep
from newslake.pipeline.show.article import article_html, article_page
from newslake.pipeline.show.page_history import PageRevision
from newslake.pipeline.tables import ANNOTATION_TABLES
from tests.browser.hostile import STRING_COUNT
from tests.browser.hostile_lake import DAY, STRINGS, article_id_of, columns_of_text, make_hostile_lake
from tests.browser.looking import assert_standing, overflow, references, running
from tests.browser.shown import letters, word_in
from tests.browser.watch import watched_page

Rows = Mapping[str, Sequence[Mapping[str, Any]]]
# The text of a page, and of the rows at its end.
_TEXTS = """() => (rows => { const text = rows.textContent; rows.remove(); return [document.body.textContent, text] })(
  document.querySelector('section[aria-labelledby=rows]'))"""
_TOGETHER = 50  # frames per page
# The columns that the page shows as text; the others are only in its rows.
_READ = {
    "articles": ("title", "standfirst", "publisher", "authors", "section", "tags", "url"),
    "entities": ("entity_text", "entity_name", "honorific_text", "role_text"),
    "quotes": ("quote_text", "speaker_name", "speaker_role", "cue_text", "addressee_text", "medium_text"),
    "events": ("trigger_text", "actors", "recipients", "place_text", "event_date_text"),
}


@pytest.fixture(scope="module")
def articles(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Rows]:
    """The rows of the articles of the hostile lake, by their number."""
    lake = Lake(make_hostile_lake(tmp_path_factory.mktemp("hostile")), durability="process", now=lambda: DAY)
    found: dict[str, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
    for spec in ANNOTATION_TABLES:
        for row in lake.read(spec.name).to_pylist():
            found[row["article_id"]][spec.name].append(row)
    return {at: found[article_id_of(at)] for at in range(STRING_COUNT)}


def _page(at: int, rows: Rows) -> str:
    one, two, three, four = (STRINGS[(at + step) % STRING_COUNT] for step in range(4))
    steps = (ProvenanceStep(name="text", headline=one, facts=(Fact(two, three, four),), checks=(Check(False, two),)),)
    names = {"revision_id": one, "payload_digest": two, "title": three, "word_count": 3, "quotes_removed": (four,)}
    versions = [
        PageRevision(**names, fetched_at=DAY, changes=()),
        PageRevision(
            **names,
            fetched_at=DAY + timedelta(1),
            changes=(SentenceChange("added", one), SentenceChange("removed", two)),
        ),
    ]
    return article_html(article_page(rows, origin=one, provenance=steps, versions=versions))


def test_strings_in_every_field_are_text(browser: Browser, articles: dict[int, Rows], tmp_path: Path) -> None:
    """No page of an article runs, requests, breaks or hides anything, and each of its strings is readable on it."""
    for number, some in enumerate(batched(articles.items(), _TOGETHER, strict=True)):
        file = tmp_path / f"{number}.html"
        frames = (f'<iframe srcdoc="{escape(_page(at, rows))}" width=1200 height=400></iframe>' for at, rows in some)
        file.write_text(f"<!doctype html><meta charset=utf-8>{''.join(frames)}", "utf-8")
        with watched_page(browser, home=file.as_uri(), offline=True) as (page, _):
            page.goto(file.as_uri())
            for frame, (at, rows) in zip(page.frames[1:], some, strict=True):
                assert_standing(frame)
                assert (references(frame), running(frame), overflow(frame)) == ([], [], 0), STRINGS[at]
                assert list(_missing(*frame.evaluate(_TEXTS), rows)) == []


def _missing(read: str, rows_as_text: str, rows: Rows) -> Iterator[str]:
    """Yield the fields of an article that its page does not show, or that are missing in its rows."""
    read = letters(read)
    for table, column in columns_of_text():
        for value in _values(rows[table][-1][column]) if table in rows else ():
            has_it = letters(value) in read if column in _READ[table] else word_in(value) in rows_as_text
            if not has_it:
                yield f"{table}.{column}: {value!r}"


def _values(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]
