"""The lake of one evening of one source of the sample newsroom, and calls of the tools on it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from newslake.pipeline.agents.server import answer_call
from newslake.pipeline.jobs.run import extract_day, ingest_sources
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.settings import Settings
from samples.server import DAYS, Newsroom, sources_at
from tests.unit.jobs.test_derive import archive

SHORT = "https://post.example/back-soon"
Call = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session")
def newsroom(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data root with four articles of the source lantern, and a page that is not an article."""
    folder = tmp_path_factory.mktemp("agents").resolve()
    (folder / "inbox").mkdir()
    with Newsroom(port=0) as server:
        server.day = DAYS[0]
        (folder / "sources.toml").write_text(sources_at(server.port))
        space = Workspace(settings_of(folder, durability="process", host_interval_seconds=0))
        ingest_sources(space, source_keys=["lantern"], day=DAYS[0], run_id="ingest", report_progress=lambda _: None)
        archive(space, b"<html><body><p>Back soon, says the harbour.</p></body></html>", url=SHORT, day=DAYS[0])
        extract_day(space, day=DAYS[0], run_id="extract", report_progress=lambda _: None)
    return folder


def settings_of(folder: Path, **given: object) -> Settings:
    """Return the settings of a data root."""
    now = f"{DAYS[0]}T20:00:00+00:00"
    return Settings.load(data_dir=folder, sources_file=folder / "sources.toml", frozen_now=now, **given)


@pytest.fixture
def call(newsroom: Path) -> Call:
    """Call a tool in this process; the answer must be complete JSON."""

    def answer(name: str, **arguments: object) -> dict[str, Any]:
        found = answer_call(settings_of(newsroom), name, arguments)
        assert not found.is_error, found.content
        assert json.loads(found.content[0].text) == found.structured_content
        return found.structured_content

    return answer


@pytest.fixture
def failure(newsroom: Path) -> Callable[..., str]:
    """Call a tool in this process; return the sentence of its error."""

    def message(name: str, **arguments: object) -> str:
        found = answer_call(settings_of(newsroom), name, arguments)
        assert found.is_error, found.content
        return str(found.content[0].text)

    return message
