"""The work of the processes that the archive's fault tests start and kill."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from newslake.pipeline.archive import Archive
from newslake.pipeline.model import Page

DAY = date(2026, 2, 3)
NOON = datetime(2026, 2, 3, 12, tzinfo=UTC)


def page(number: int) -> Page:
    url = f"https://harbour-post.example/{number}"
    body = f"<p>Page {number}.</p>".encode() * 50
    headers = {"date": "Tue, 03 Feb 2026 12:00:00 GMT", "content-type": "text/html"}
    at = NOON + timedelta(seconds=number)
    return Page(url=url, final_url=url, status=200, headers=headers, body=body, fetched_at=at)


def write_pages(root: Path, run_id: str, numbers: range, start: Any) -> None:
    """Store pages at the same moment as other processes, with several writers."""
    archive = Archive(root, durability="process")
    start.wait()
    for first in numbers[::10]:
        with archive.writer(source_key="harbour", run_id=run_id) as writer:
            for number in range(first, first + 10):
                writer.put(page(number), news_day=DAY, article_id=f"a{number}")


def write_forever(root: Path, run_id: str) -> None:
    """Store pages until the process is killed."""
    archive, number = Archive(root, durability="process"), 0
    while True:
        with archive.writer(source_key="harbour", run_id=run_id) as writer:
            for _ in range(50):
                number += 1
                writer.put(page(number), news_day=DAY, article_id=f"a{number}")
