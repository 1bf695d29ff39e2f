"""The state of each source: the outcomes of its last run, with the decisions about its articles since."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from newslake.pipeline.addons.setup.probes import source_states
from newslake.pipeline.jobs.outcomes import append_outcomes
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.model import Outcome
from newslake.pipeline.model.outcome import OutcomeKind
from newslake.pipeline.settings import Settings

SOURCES = """
[sources.post]
kind = "folder"
path = "pages"
[sources.wire]
kind = "folder"
path = "lines.jsonl"
"""


@pytest.fixture
def space(tmp_path: Path) -> Workspace:
    """A workspace with two folders as sources."""
    (tmp_path / "sources.toml").write_text(SOURCES)
    sources = tmp_path / "sources.toml"
    return Workspace(Settings.load(data_dir=tmp_path, sources_file=sources, durability="process"))


def log(
    space: Workspace, stage: str, kind: OutcomeKind, reason: str | None, *, at: int, source: str, url: str = "/1"
) -> None:
    """Log one outcome of the article of that letter."""
    decided = {"stage": stage, "outcome": kind, "reason": reason, "decided_at": datetime(2026, 3, 2, at, tzinfo=UTC)}
    page = {"source_key": source, "url": url, "news_day": date(2026, 3, 2), "article_id": "a" * 32}
    facts = {"run_id": f"r{at}", "detail": None, "payload_digest": None}
    append_outcomes(space, (Outcome(**decided, **page, **facts),), batch_id=f"{source}{at}")


def states(space: Workspace) -> dict[str, str | None]:
    """Return the outcomes of each source's last run."""
    return {each.key: each.outcomes for each in source_states(space)}


def test_archived_page_is_pending_until_its_article_is_decided(space: Workspace) -> None:
    """New bytes of an article that stays the same wait for the next decision about it, and for nothing after that."""
    log(space, "fetch", "pending", "archived", at=7, source="post")
    log(space, "commit", "kept", None, at=8, source="post")
    log(space, "fetch", "pending", "archived", at=9, source="post")
    assert states(space) == {"post": "1 pending", "wire": None}

    log(space, "derive", "unchanged", "committed", at=10, source="post")
    assert states(space) == {"post": "1 unchanged", "wire": None}


def test_decision_under_another_source_counts(space: Workspace) -> None:
    """A page of one source waits for nothing if its article is decided as a page of another; an address is not that."""
    log(space, "fetch", "pending", "archived", at=7, source="wire")
    log(space, "derive", "unchanged", "duplicate_url", at=8, source="post", url="/2")
    assert states(space)["wire"] == "1 pending"

    log(space, "commit", "kept", None, at=9, source="post")
    assert states(space)["wire"] == "1 unchanged"
