"""The raw archive: every page as it was fetched, in WARC files. The only state that cannot be rebuilt.

The index beside the files is disposable; ``FetchState`` remembers what was listed and tried.
"""

from pipeline.raw.archive import Archive
from pipeline.raw.files import Damage
from pipeline.raw.index import Filed
from pipeline.raw.records import page_key_of
from pipeline.raw.state import FetchState, KnownPage, SeenPage, Validators
from pipeline.raw.takedowns import (
    DoomedRow,
    Takedown,
    TakedownKind,
    Takedowns,
    Work,
    alias_of,
    page_name,
    publisher_name,
    source_name,
    url_name,
)
from pipeline.raw.work import at_work, only_takedown, wait_for_earlier_work
from pipeline.raw.writer import ArchiveWriter

__all__ = [
    "Archive",
    "ArchiveWriter",
    "Damage",
    "DoomedRow",
    "FetchState",
    "Filed",
    "KnownPage",
    "SeenPage",
    "Takedown",
    "TakedownKind",
    "Takedowns",
    "Validators",
    "Work",
    "alias_of",
    "at_work",
    "only_takedown",
    "page_key_of",
    "page_name",
    "publisher_name",
    "source_name",
    "url_name",
    "wait_for_earlier_work",
]
