"""The archive: every page as it was fetched, in WARC files. The only state that cannot be rebuilt.

The index next to the files can be rebuilt from them. ``FetchState`` stores which pages were listed and tried,
``Takedowns`` what was taken down.
"""

from newslake.pipeline.archive.archive import Archive
from newslake.pipeline.archive.fetch_state import NEW_STATE, FetchState, KnownPage, PageState, Validators
from newslake.pipeline.archive.index import CaptureInPlace, CaptureSummary
from newslake.pipeline.archive.leases import FileLeases
from newslake.pipeline.archive.records import RecordArchive
from newslake.pipeline.archive.scan import Damage
from newslake.pipeline.archive.takedowns import (
    PSEUDONYM,
    DeletedArticle,
    Takedown,
    TakedownKind,
    TakedownPlan,
    Takedowns,
    page_name,
    pseudonym,
    publisher_name,
    source_name,
    url_name,
)
from newslake.pipeline.archive.warc import digest_of, page_key_of
from newslake.pipeline.archive.writer import ArchiveWriter

__all__ = [
    "NEW_STATE",
    "PSEUDONYM",
    "Archive",
    "ArchiveWriter",
    "CaptureInPlace",
    "CaptureSummary",
    "Damage",
    "DeletedArticle",
    "FetchState",
    "FileLeases",
    "KnownPage",
    "PageState",
    "RecordArchive",
    "Takedown",
    "TakedownKind",
    "TakedownPlan",
    "Takedowns",
    "Validators",
    "digest_of",
    "page_key_of",
    "page_name",
    "pseudonym",
    "publisher_name",
    "source_name",
    "url_name",
]
