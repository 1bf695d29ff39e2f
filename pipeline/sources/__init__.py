"""Discovery: listings of sources, and the pages in local files.

Reasons of a ``BrokenListingError``, for a whole listing (raised) or for one entry (``ListingEntry.problem``):
  not_a_feed             empty, or neither RSS, Atom nor JSON Feed
  broken_feed            it ends before its end tag; the entries before the end count
  too_complex            more elements or namespaces than feeds and sitemaps have; the entries before count
  not_a_sitemap          no urlset and no sitemapindex
  broken_sitemap         not well-formed from some point on; the entries before it count
  hostile_xml            it declares entities, or a sitemap has a DOCTYPE; nothing is expanded
  broken_gzip            damaged gzip data
  too_large              larger than the limit after decompression
  too_many_urls          a sitemap or feed with more than 50,000 URLs; the rest is skipped
  too_many_sitemaps      a sitemap index with more than 500 children; the rest is skipped
  sitemap_too_deep       a sitemap index inside three others
  undated_entries        entries without a date in a dated archive, in a sitemap of several days; skipped
  entry_without_link     a feed's entry or a sitemap's url without a link
  not_a_cdx              a response of a web archive's index in an invalid format
  broken_capture         a row of this index that is not a capture of the requested day
  not_a_list             a list of WARC files that cannot be decompressed or read
  broken_path            a line of this list that is not the path of a Common Crawl news file
  bad_url                not an http(s) URL with a host
  folder_missing         the source's folder does not exist
  not_a_regular_file     a symlink, a pipe, a device: not followed, not read
  unknown_kind           a file with an unknown suffix
  unreadable_file        the operating system refuses to read it
  empty_file             a file without a page
  file_too_large         a page over the size limit of pages
  broken_sidecar         the .json file of a page is invalid
  sidecar_without_page   a .json file without a page of the same name
  broken_line            an invalid .jsonl line or .csv row; the detail says why
  line_too_long          a .jsonl or .urls line, or a .csv row, over the limit; the rest is read
  broken_warc            bytes of a WARC file without a readable record: damaged, truncated, no WARC; the rest is read
  broken_record          a WARC record with a wrong date, length, target or HTTP status; the rest is read
  arc_file               a file in ARC, the format before WARC; the detail says how to convert it
An exception that nobody expected is a ``BrokenItemError`` (broken_item) of its entry, line or file.
Reason of a ``RefusedFetchError`` for a web archive snapshot: not_a_copy, if it redirects elsewhere.
Reasons of a ``RefusedFetchError`` for one WARC record: http_<status> (not 200), too_large, bad_encoding.
Listings are fetched, so the reasons of ``newslake.pipeline.fetch`` apply, too.
"""

from newslake.pipeline.archive import Validators
from newslake.pipeline.sources.erase import EntryFilter, erase_from
from newslake.pipeline.sources.files import bounded_lines, read_file
from newslake.pipeline.sources.inbox import FolderInbox, claim_files, settle, settle_all, waiting_files
from newslake.pipeline.sources.listing import Listing, ListingEntry, ReadContext, isolated_entries
from newslake.pipeline.sources.normalize import absolute_url, parse_iso
from newslake.pipeline.sources.positions import slice_clock
from newslake.pipeline.sources.registry import DayRange, discover, listable_days
from newslake.pipeline.sources.wayback import WaybackFetcher

__all__ = [
    "DayRange",
    "EntryFilter",
    "FolderInbox",
    "Listing",
    "ListingEntry",
    "ReadContext",
    "Validators",
    "WaybackFetcher",
    "absolute_url",
    "bounded_lines",
    "claim_files",
    "discover",
    "erase_from",
    "isolated_entries",
    "listable_days",
    "parse_iso",
    "read_file",
    "settle",
    "settle_all",
    "slice_clock",
    "waiting_files",
]
