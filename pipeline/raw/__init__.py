"""The raw archive: every page as it was fetched, in WARC files. The only state that cannot be rebuilt.

The index beside the files is disposable; ``FetchState`` remembers what was listed and tried.
"""

from pipeline.raw.archive import Archive
from pipeline.raw.files import Damage
from pipeline.raw.index import Filed
from pipeline.raw.records import page_key_of
from pipeline.raw.state import FetchState, KnownPage, SeenPage, Validators
from pipeline.raw.writer import ArchiveWriter

__all__ = [
    "Archive",
    "ArchiveWriter",
    "Damage",
    "FetchState",
    "Filed",
    "KnownPage",
    "SeenPage",
    "Validators",
    "page_key_of",
]
