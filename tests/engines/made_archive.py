"""Made archives of some years for backfills: short pages of sentences of the sample newsroom, skewed sources, edits."""

import random
import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from html import escape
from itertools import groupby

from newslake.pipeline.archive import RecordArchive
from newslake.pipeline.clean import page_identity
from newslake.pipeline.model import Page
from tests.bench import articles

_SEED = 26
_SENTENCE = re.compile(r"(?<=[.!?”])\s+")
_LARGE, _SMALL = "large", "small"  # sources: one has nine of ten pages
_EVERY_EDITED, _EVERY_SHORT = 50, 200  # pages that change the next day, and pages too short for an article
# Stories end, as in a newspaper: a share of the sentences has this many days. With four shares and more, its next turn
# comes after more than the week in which reports of an event belong together.
_SHARE_DAYS = 3


@dataclass(frozen=True, slots=True)
class MadePage:
    """A page to archive for a news day."""

    page: Page
    day: date
    source_key: str


@cache
def sentences() -> Sequence[str]:
    """Return the sentences of the sample newsroom that are neither very short nor very long."""
    found = (each.strip() for article in articles(times=1) for each in _SENTENCE.split(article.text))
    return [each for each in found if 40 < len(each) < 240]


def made_pages(count: int, *, words: int, first: date, days: int, shares: int) -> Iterator[MadePage]:
    """Yield pages by news day, each with its own sentences; a few are edited, a few are too short for an article.

    The sentences are cut into ``shares``, which take turns of three days.
    """
    chance = random.Random(_SEED)
    edited: list[tuple[int, date]] = []
    for number, each in ((number, first + timedelta(days=number)) for number in range(days)):
        edits, edited = edited, []
        pool = sentences()[number // _SHARE_DAYS % shares :: shares]
        for page_number, day in edits:
            yield _page(chance, page_number, of=day, day=each, words=words, pool=pool)
        for page_number in range(count * number // days, count * (number + 1) // days):
            is_short = page_number % _EVERY_SHORT == 7
            yield _page(chance, page_number, of=each, day=each, words=4 if is_short else words, pool=pool)
            if page_number % _EVERY_EDITED == 3:
                edited.append((page_number, each))


def _page(chance: random.Random, number: int, *, of: date, day: date, words: int, pool: Sequence[str]) -> MadePage:
    """Return the page of a number, as it is on some day; ``of`` is the day of its publication."""
    chosen: list[str] = []
    while (left := words - sum(len(each.split()) for each in chosen)) > 0:
        chosen.append(chance.choice(pool) if words > 4 else " ".join(chance.choice(pool).split()[:left]))
    at = datetime.combine(of, datetime.min.time(), UTC) + timedelta(minutes=number % 1_300)
    title = f"Report {number} of {of}"
    text = "".join(f"<p>{escape(' '.join(chosen[place : place + 3]))}</p>" for place in range(0, len(chosen), 3))
    url = f"https://{'www' if number % 10 else 'isle'}.made.example/{of}/{number}"
    head = f"<title>{title}</title><meta property='article:published_time' content='{at.isoformat()}'>"
    html = (
        f"<html lang=en><head>{head}<link rel=canonical href='{url}'></head>"
        f"<body><article><h1>{title}</h1>{text}</article></body></html>"
    )
    page = Page(
        url=url,
        final_url=url,
        status=200,
        headers={"content-type": "text/html; charset=utf-8"},
        body=html.encode(),
        fetched_at=at + (day - of) + timedelta(hours=1),
    )
    return MadePage(page, day, _LARGE if number % 10 else _SMALL)


def fill(archives: Sequence[RecordArchive], pages: Iterator[MadePage]) -> int:
    """Archive pages in several archives, a run per month; return the number of captures."""
    count = 0
    for month, those in groupby(pages, lambda each: f"{each.day:%Y-%m}"):
        with ExitStack() as stack:
            writers = [
                {
                    key: stack.enter_context(archive.writer(source_key=key, run_id=f"in-{month}"))
                    for key in (_LARGE, _SMALL)
                }
                for archive in archives
            ]
            for each in those:
                count += 1
                for of_archive in writers:
                    article_id = page_identity(each.page).article_id
                    of_archive[each.source_key].put(each.page, news_day=each.day, article_id=article_id)
    return count
