"""The lake: stage, commit, read, verify, recover, gc. Plain Hive Parquet, and one manifest a day that commits it."""

from pipeline.lake.article_index import CachedOutcome, StoredArticle, row_key_of
from pipeline.lake.changes import ArticleChange, Changes
from pipeline.lake.commit import CommitReport
from pipeline.lake.erase_log import Redaction
from pipeline.lake.lake import Lake
from pipeline.lake.manifest import Entry, Manifest
from pipeline.lake.merge import ArticleResult
from pipeline.lake.reading import committed_files
from pipeline.lake.snapshots import Snapshot
from pipeline.lake.staging import KEYS_SCHEMA
from pipeline.lake.verify import Depth

__all__ = [
    "KEYS_SCHEMA",
    "ArticleChange",
    "ArticleResult",
    "CachedOutcome",
    "Changes",
    "CommitReport",
    "Depth",
    "Entry",
    "Lake",
    "Manifest",
    "Redaction",
    "Snapshot",
    "StoredArticle",
    "committed_files",
    "row_key_of",
]
