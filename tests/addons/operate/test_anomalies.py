"""Which source has few pages, compared with similar days."""

from datetime import date, timedelta

from newslake.pipeline.addons.operate.addon import maintenance
from newslake.pipeline.addons.operate.anomalies import day_volumes
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.model import Page
from tests.unit.upkeep.test_maintenance import NOW, SUNDAY, space

__all__ = ["space"]


def archive(space: Workspace, pages_ago: dict[int, int], *, end: date = SUNDAY) -> None:
    """Archive these numbers of pages, by days before the end."""
    with space.archive.writer(source_key="post", run_id="r") as writer:
        for ago, pages in pages_ago.items():
            day = end - timedelta(days=ago)
            for number in range(pages):
                url = f"https://post.example.org/{day}/{number}"
                page = Page(url=url, final_url=url, status=200, headers={}, body=url.encode(), fetched_at=NOW)
                writer.put(page, news_day=day, article_id=f"{ago:016d}{number:016d}")


def warning(space: Workspace, day: date = SUNDAY) -> str | None:
    (only,) = day_volumes(space, day=day)
    return only.warning


def test_usual_day_has_no_warning(space: Workspace) -> None:
    """A day like the days before gives no warning."""
    archive(space, dict.fromkeys(range(20), 3))
    assert warning(space) is None


def test_empty_day_names_the_source(space: Workspace) -> None:
    """A day without pages, unlike similar days, gives a warning with source, day and the usual number."""
    archive(space, dict.fromkeys(range(1, 20), 3))
    assert warning(space) == "post: no page for 2026-03-29, usually 3"


def test_second_day_is_compared_with_the_first(space: Workspace) -> None:
    """For a new source, all days count, whatever their weekday."""
    archive(space, {1: 5})
    assert warning(space) == "post: no page for 2026-03-29, usually 5"


def test_weekly_rest_is_not_silence(space: Workspace) -> None:
    """A publisher without Sunday pages is not silent on a Sunday."""
    archive(space, {ago: 4 for ago in range(28) if (SUNDAY - timedelta(days=ago)).weekday() != 6})
    assert warning(space) is None
    assert warning(space, SUNDAY + timedelta(days=1)) == "post: no page for 2026-03-30, usually 4"


def test_thin_day_is_a_warning_for_large_sources(space: Workspace) -> None:
    """Far fewer pages than usual give a warning if eight or more are usual."""
    archive(space, {0: 2, **dict.fromkeys(range(1, 28), 12)})
    assert warning(space) == "post: only 2 pages for 2026-03-29, usually 12"


def test_maintenance_has_pages_and_warnings(space: Workspace) -> None:
    """The nightly work warns of a source with few pages, and counts the pages of each source."""
    archive(space, dict.fromkeys(range(1, 20), 3))
    done = maintenance(space, SUNDAY)
    assert (done.warnings, done.counts) == (("post: no page for 2026-03-29, usually 3",), {"pages": {"post": 0}})
