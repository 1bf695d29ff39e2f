"""The history of a page in the archive, in time order."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from newslake.pipeline.cli import app
from newslake.pipeline.errors import ArchiveError, ConfigError
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.model import Attempt, Exchange, canonical_url
from newslake.pipeline.show.page_history import page_history
from tests.unit.jobs.test_derive import DAY, MORNING, URL, archive, space, story

__all__ = ["space"]


def gone(space: Workspace, *, hours: int) -> None:
    exchange = Exchange(request=b"GET / HTTP/1.1\r\n\r\n", head=b"HTTP/1.1 410 Gone\r\n\r\n", body=b"")
    [last] = space.archive.captures()[-1:]
    attempt = Attempt(
        page_key=canonical_url(URL),
        url=URL,
        article_id=last.article_id,
        source_key="post",
        news_day=DAY,
        run_id="run-gone",
        fetched_at=MORNING + timedelta(hours=hours),
        status=410,
        reason="http_410",
        file="",
        offset=0,
        length=0,
    )
    with space.archive.writer(source_key="post", run_id="run-gone") as writer:
        writer.put_attempt(attempt, exchange)


def test_history_has_captures_revisions_and_tombstones(space: Workspace) -> None:
    """Captures and tombstones are in time order; after a later capture, the page is not gone."""
    archive(space, story("closed"), story("sold"), story("closed"))
    gone(space, hours=4)
    found = page_history(space, URL + "?utm_source=feed")
    assert [visit.what for visit in found.visits] == ["content", "content", "identical_payload", "gone"]
    assert (found.is_gone, len(found.revisions)) == (True, 2)
    assert {change.kind for change in found.revisions[1].changes} == {"added", "removed"}
    assert page_history(space, found.article_ids[0]) == found
    archive(space, story("sold"), start=6)
    assert not page_history(space, URL).is_gone


def test_rejected_page_has_no_revision(space: Workspace) -> None:
    """The history of a rejected page has its captures with the reason, and no revision."""
    archive(space, b"<html><head><title>Quay</title></head><body><p>Back soon.</p></body></html>")
    found = page_history(space, URL)
    assert ([visit.reason for visit in found.visits], found.revisions) == (["too_short"], ())


def test_page_that_nobody_captured(space: Workspace) -> None:
    """An unknown page is an error with its URL; an invalid query is an invalid call."""
    with pytest.raises(ArchiveError, match="nowhere"):
        page_history(space, "https://post.example.org/nowhere")
    with pytest.raises(ConfigError, match="neither"):
        page_history(space, "ferry")


def test_commands_of_the_archive(space: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """History prints the changed sentences; `raw verify` accepts an intact archive and names a damaged file."""
    archive(space, story("closed"), story("sold"))
    monkeypatch.setenv("NEWS_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("NEWS_SOURCES_FILE", str(tmp_path / "sources.toml"))
    shown = CliRunner().invoke(app, ["history", URL])
    assert shown.exit_code == 0
    assert "+ Harbour to be sold" in shown.output
    assert "- Harbour to be closed" in shown.output
    listed = json.loads(CliRunner().invoke(app, ["history", URL, "--json"]).output)
    assert [visit["what"] for visit in listed["visits"]] == ["content", "content"]
    assert CliRunner().invoke(app, ["archive", "verify"]).exit_code == 0
    [path, *_] = sorted((tmp_path / "archive").rglob("*.warc.gz"))
    path.write_bytes(path.read_bytes()[:-9])
    red = CliRunner().invoke(app, ["archive", "verify", "--json"])
    assert red.exit_code == 1
    assert [each["file"] for each in json.loads(red.output)["problems"]] == [
        str(path.relative_to(tmp_path / "archive"))
    ]
    assert CliRunner().invoke(app, ["archive", "reindex"]).exit_code == 1
