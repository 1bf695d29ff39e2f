"""Discovery: listings of sources, and the pages in local files.

Reasons of a ``BrokenListingError``, of a whole listing (raised) or of one entry (``ListingEntry.problem``):
  not_a_feed             neither RSS, Atom nor JSON Feed
  not_a_sitemap          no urlset and no sitemapindex
  broken_sitemap         well-formed at first, then not; what came before counts
  hostile_xml            it declares entities, or a sitemap has a DOCTYPE; nothing is expanded
  broken_gzip            packed bytes that cannot be unpacked
  too_large              unpacked it is over the cap
  too_many_urls          a sitemap with more than 50,000 URLs; the rest is left out
  too_many_sitemaps      a sitemap index with more than 500 children; the rest is left out
  sitemap_too_deep       a sitemap index inside three others
  undated_entries        entries of a dated archive without a day, in a sitemap of several days; left out
  entry_without_link     a feed's entry or a sitemap's url without a link
  not_a_cdx              a response of a web archive's index that is not as documented
  broken_capture         a row of it that is not a capture of the requested day
  not_a_list             a list of WARC files that cannot be unpacked or read
  broken_path            a line of it that is not the path of a Common Crawl news file
  bad_url                not an http(s) URL with a host
  folder_missing         the source's folder does not exist
  not_a_regular_file     a symlink, a pipe, a device: not followed, not read
  unknown_kind           a file whose suffix no reader takes
  unreadable_file        the system refuses to read it
  empty_file             a file without a page in it
  file_too_large         a page over the cap of a page
  broken_sidecar         the .json beside a page is not as documented
  sidecar_without_page   a .json without a page of its name
  broken_line            a .jsonl line that is not as documented; the detail says what
  line_too_long          a .jsonl or .urls line over the cap
  broken_warc            a WARC file that ends or goes wrong at this record; what came before counts
Reason of a ``RefusedFetchError`` for a web archive's copy: not_a_copy, if it redirects elsewhere.
Reasons of a ``RefusedFetchError`` for one WARC record: http_<status> (not 200), too_large, bad_encoding.
Listings are fetched, so the reasons of ``pipeline.fetch`` occur, too.
"""

from pipeline.archive import Validators
from pipeline.sources.erase import EntryFilter, erase_from, erase_from_inbox
from pipeline.sources.files import read_file
from pipeline.sources.inbox import claim_files, settle, settle_all, waiting_files
from pipeline.sources.listing import Listing, ListingEntry, ReadContext
from pipeline.sources.normalize import absolute_url
from pipeline.sources.registry import DayRange, discover, listable_days
from pipeline.sources.wayback import WaybackFetcher

__all__ = [
    "DayRange",
    "EntryFilter",
    "Listing",
    "ListingEntry",
    "ReadContext",
    "Validators",
    "WaybackFetcher",
    "absolute_url",
    "claim_files",
    "discover",
    "erase_from",
    "erase_from_inbox",
    "listable_days",
    "read_file",
    "settle",
    "settle_all",
    "waiting_files",
]
