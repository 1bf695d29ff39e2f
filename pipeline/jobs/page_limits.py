"""Which listed pages a source takes: by URL pattern, and up to a number per news day."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Literal

from newslake.pipeline.archive import RecordArchive
from newslake.pipeline.model import Source

RefusalReason = Literal["excluded_url", "day_limit"]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a source does not take a page. ``detail`` is for people, and names the key in ``sources.toml``."""

    reason: RefusalReason
    detail: str


class PageLimits:
    """The limits of one source in one run: ``include``, ``exclude`` and ``max_pages_per_day``.

    A pattern is a regular expression that is searched in the URL, as in Scrapy's ``allow`` and ``deny``. A page without
    a URL is not refused by a pattern.
    """

    def __init__(self, source: Source, archive: RecordArchive) -> None:
        self._source = source
        self._archive = archive
        self._include = tuple(map(re.compile, source.include))
        self._exclude = tuple(map(re.compile, source.exclude))
        self._taken: dict[date, set[str]] = {}

    def refusal_of_url(self, url: str | None) -> Refusal | None:
        """Return why the patterns refuse a URL; None if they take it."""
        if url is None:
            return None
        hit = next((each.pattern for each in self._exclude if each.search(url)), None)
        if hit is not None:
            return Refusal("excluded_url", f"its URL matches {hit!r} of exclude in sources.toml")
        if self._include and not any(each.search(url) for each in self._include):
            return Refusal("excluded_url", "its URL matches no pattern of include in sources.toml")
        return None

    def take(self, page_key: str, day: date) -> Refusal | None:
        """Count a page to its news day, or return why the day has no place for it. An archived page has its place."""
        limit = self._source.max_pages_per_day
        if limit is None:
            return None
        taken = self._pages_of(day)
        if page_key not in taken and len(taken) >= limit:
            detail = f"the source has {len(taken)} pages of {day}; max_pages_per_day in sources.toml is {limit}"
            return Refusal("day_limit", detail)
        taken.add(page_key)
        return None

    def _pages_of(self, day: date) -> set[str]:
        """Return the pages of the source and day that are archived or taken in this run."""
        if day not in self._taken:
            captures = self._archive.captures_of_day(day)
            self._taken[day] = {each.page_key for each in captures if each.source_key == self._source.key}
        return self._taken[day]
