"""The lake, a table store: Hive-partitioned Parquet, and one manifest per day, whose replacement is the commit."""

from pipeline.lake.article_index import ArticleChange, CachedOutcome, Changes, StoredArticle, row_key_of
from pipeline.lake.commit import ArticleResult, CommitReport
from pipeline.lake.erase import Redaction
from pipeline.lake.lake import Lake
from pipeline.lake.partitions import Entry, Manifest, committed_files
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
