"""What a reader of listings is asked."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime

from pipeline.archive import Validators
from pipeline.errors import ConfigError
from pipeline.fetch import Fetcher
from pipeline.model import Page, Source
from pipeline.sources.reading import ReadContext

_PAGE_MAX_BYTES = 10_000_000  # where no fetcher says otherwise


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingRequest:
    """A source, and what is wanted of it. ``day`` matters to dated kinds alone; ``known`` are the last validators.

    ``is_done`` says whether another run has read a large file to its end, by its mark. A probe wants to know what there
    is: it gets such files themselves, unread.
    """

    source: Source
    day: date
    fetcher: Fetcher | None
    known: Validators
    now: datetime
    is_done: Callable[[str], bool] = field(default=lambda mark: False)
    is_probe: bool = False

    def online(self) -> Fetcher:
        """Return the fetcher. Raises: ConfigError where there is none."""
        if self.fetcher is None:
            key = self.source.key
            raise ConfigError(f"source {key!r} is online and needs a fetcher", key=key)
        return self.fetcher

    def context(self) -> ReadContext:
        """Return what readers of local files are given."""
        limit = self.fetcher.limits.page_max_bytes if self.fetcher is not None else _PAGE_MAX_BYTES
        return ReadContext(source_key=self.source.key, now=self.now, page_max_bytes=limit, hosts=self.source.hosts)


def validators_of(page: Page) -> Validators:
    """Return what a server said of the version of a listing."""
    return Validators(etag=page.headers.get("etag"), last_modified=page.headers.get("last-modified"))
