"""Fetch state stores what was listed and tried."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from newslake.pipeline.archive import FetchState, PageState, Validators
from newslake.pipeline.model import Hints

NOW = datetime(2026, 2, 3, 12, tzinfo=UTC)
PAGE = PageState(
    page_key="https://harbour-post.example/ferry",
    url="https://www.harbour-post.example/ferry",
    source_key="harbour",
    news_day=date(2026, 2, 3),
    listed_modified_at=NOW,
    last_outcome="pending",
    reason="http_503",
    attempts=2,
    next_try_at=NOW + timedelta(hours=1),
    hints=Hints(title="Ferry", published_at=NOW, date_method="given", modified_at=NOW),
)


def test_validators_are_kept_by_source_and_url(tmp_path: Path) -> None:
    """Validators are returned for their own listing only; later ones replace earlier ones."""
    state = FetchState(tmp_path)
    assert state.validators("harbour") is None
    state.store_validators("harbour", Validators(etag='"1"'))
    state.store_validators("harbour", Validators(etag='"2"', last_modified="Tue"))
    state.store_validators("harbour", Validators(etag='"p2"'), url="https://harbour-post.example/page2")
    assert state.validators("harbour") == Validators('"2"', "Tue")
    assert state.validators("other") is None


def test_page_state_comes_back_equal(tmp_path: Path) -> None:
    """Another process sees the stored state of a page; a later state replaces it."""
    FetchState(tmp_path, durability="process").record_many([replace(PAGE, attempts=1), PAGE])
    assert FetchState(tmp_path).seen(PAGE.page_key) == PAGE
    assert FetchState(tmp_path).seen("none") is None


def test_pending_pages_are_those_due(tmp_path: Path) -> None:
    """Only pages of the source with a due next try are returned, the longest waiting first."""
    state = FetchState(tmp_path)
    rows = [
        replace(PAGE, page_key=key, next_try_at=at, source_key=source)
        for key, at, source in [
            ("late", NOW - timedelta(minutes=1), "harbour"),
            ("later", NOW - timedelta(hours=1), "harbour"),
            ("future", NOW + timedelta(seconds=1), "harbour"),
            ("never", None, "harbour"),
            ("foreign", NOW, "other"),
        ]
    ]
    state.record_many(rows)
    assert [page.page_key for page in state.pending("harbour", NOW)] == ["later", "late"]
