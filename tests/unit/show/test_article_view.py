"""The view of an article: from the lake with provenance and revisions, or from a file."""

from pathlib import Path

import pytest

from newslake.pipeline.errors import ConfigError
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.show.article import article_html, article_page
from newslake.pipeline.show.article_view import preview, view_article, view_preview
from tests.unit.jobs.test_derive import URL, archive, extract, id_of, space, story

__all__ = ["space"]
pytestmark = [pytest.mark.model]


def test_stored_article_has_rows_provenance_and_revisions(space: Workspace) -> None:
    """By id or any spelling of its URL: all rows, each check of its record, and the changes between revisions."""
    archive(space, story("deepened"), story("widened"))
    extract(space, "1")
    found = view_article(space, f"{URL}?utm_source=x")
    assert found is not None
    assert found == view_article(space, id_of(URL))
    assert [row["title"] for row in found.rows["articles"]] == ["Harbour to be widened"]
    assert len(found.rows["quotes"]) == space.lake.read("quotes").num_rows > 0
    assert [step.name for step in found.provenance] == ["bytes", "listing"]
    assert {check.holds for step in found.provenance for check in step.checks} == {True}
    assert [revision.title for revision in found.versions] == ["Harbour to be deepened", "Harbour to be widened"]
    assert found.origin == f"From the lake; published day {found.published_date}."
    page = article_page(found.rows, origin=found.origin, provenance=found.provenance, versions=found.versions)
    html = article_html(page)
    assert "<del>" in html
    assert "<ins>" in html
    assert str(found.rows["articles"][0]["payload_digest"]) in html


def test_unknown_article_gives_nothing(space: Workspace) -> None:
    """An unknown URL or id gives nothing; an invalid query is an invalid call."""
    assert view_article(space, "https://post.example.org/nowhere") is None
    assert view_article(space, "0" * 32) is None
    with pytest.raises(ConfigError, match="add table and number"):
        view_article(space, f"{'0' * 32}:3")


def test_file_is_shown_as_a_run_would_store_it(space: Workspace, tmp_path: Path) -> None:
    """A file gives the rows that a run would write, and says that nothing is stored."""
    path = tmp_path / "page.html"
    path.write_bytes(story("deepened", canonical="https://post.example.org/file"))
    found = view_preview(space, str(path), preview(space, str(path)))
    assert found.rows["articles"][0]["title"] == "Harbour to be deepened"
    assert len(found.rows["quotes"]) > 0
    assert "not stored" in found.origin
    assert (found.provenance, found.versions) == ((), ())
