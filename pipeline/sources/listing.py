"""What discovery gives."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from pipeline.archive import Validators
from pipeline.errors import BrokenListingError, NewsError
from pipeline.model import Page, Ref


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingEntry:
    """One entry: a page to fetch (neither page nor problem), a local page (``page``), or a broken entry (``problem``).

    Where a broken entry has no URL, ``ref.file`` says where it stands, "inbox.jsonl#12". One with ``finished`` is no
    page but the mark of a large file all of whose pages came before.
    """

    ref: Ref
    page: Page | None = None
    problem: NewsError | None = None
    finished: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The entries of one source. ``entries`` can be read once; local kinds and sitemap indexes stream.

    A feed and a sitemap give no URL twice; files give all that they hold.

    ``validators`` go into the next request for this listing, once every entry has an outcome. ``is_unchanged`` means
    that the server said so, and nothing is listed. ``day`` is set where only that day was listed: what has no date of
    its own is of it.
    """

    entries: Iterable[ListingEntry]
    validators: Validators | None = None
    is_unchanged: bool = False
    day: date | None = None


def broken_entry(source_key: str, where: str, *, reason: str, detail: str) -> ListingEntry:
    """Return a broken entry at ``where``: a URL, or a file with "#" and the number of the line or record."""
    is_url = where.startswith(("http://", "https://"))
    ref = Ref(source_key=source_key, url=where if is_url else None, file=None if is_url else where)
    return ListingEntry(ref=ref, problem=BrokenListingError(f"{where}: {detail}", key=where, reason=reason))
