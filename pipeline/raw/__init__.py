"""The raw archive: every page as it was fetched, in WARC files. The only state that cannot be rebuilt.

The index beside the files is disposable; ``FetchState`` remembers what was listed and tried.
"""

from pipeline.raw.archive import Archive
from pipeline.raw.files import Damage
from pipeline.raw.index import CaptureSummary
from pipeline.raw.records import page_key_of
from pipeline.raw.state import FetchState, KnownPage, PageState, Validators
from pipeline.raw.takedowns import (
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
from pipeline.raw.work import takedown_lock, wait_for_writers, writer_lock
from pipeline.raw.writer import ArchiveWriter

__all__ = [
    "Archive",
    "ArchiveWriter",
    "CaptureSummary",
    "Damage",
    "DeletedArticle",
    "FetchState",
    "KnownPage",
    "PageState",
    "Takedown",
    "TakedownKind",
    "TakedownPlan",
    "Takedowns",
    "Validators",
    "page_key_of",
    "page_name",
    "pseudonym",
    "publisher_name",
    "source_name",
    "takedown_lock",
    "url_name",
    "wait_for_writers",
    "writer_lock",
]
