"""From a source to its listing."""

from collections.abc import Callable
from datetime import date, datetime

from pipeline.archive import Validators
from pipeline.fetch import Fetcher
from pipeline.model import Source
from pipeline.sources.asked import ListingRequest
from pipeline.sources.listing import Listing
from pipeline.sources.registry import SOURCE_ADAPTERS


def discover(  # noqa: PLR0913 - the fields of ListingRequest, by name
    source: Source,
    *,
    day: date,
    fetcher: Fetcher | None,
    validators: Validators | None,
    now: Callable[[], datetime],
    is_done: Callable[[str], bool] = lambda mark: False,
    is_probe: bool = False,
) -> Listing:
    """Return what a source lists now. A feed and a news sitemap give every entry, whatever its day.

    ``day`` is for kinds that list one day alone. ``validators`` are those of the last listing,
    ``is_done`` and ``is_probe`` what ``ListingRequest`` says.
    What lies on a disk needs no fetcher and takes only its cap of a page.
    Raises: BrokenListingError where the source as a whole cannot be read; TransientFetchError and RefusedFetchError
    where it cannot be fetched; ConfigError for an online kind without a fetcher.
    """
    request = ListingRequest(
        source=source,
        day=day,
        fetcher=fetcher,
        known=validators or Validators(),
        now=now(),
        is_done=is_done,
        is_probe=is_probe,
    )
    return SOURCE_ADAPTERS[source.kind].read(request)
