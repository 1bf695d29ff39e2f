"""The lake, a table store: Parquet partitioned by month, and one head, whose replacement is the commit."""

from pipeline.lake.article_changes import ArticleChange, Changes
from pipeline.lake.article_index import CachedOutcome, StoredArticle, row_key_of
from pipeline.lake.erase import CountPairs, Redaction, SnapshotErasure
from pipeline.lake.lake import Lake
from pipeline.lake.log_compaction import removed_log
from pipeline.lake.maintenance import Garbage
from pipeline.lake.merge import ArticleResult, CommitReport
from pipeline.lake.partitions import CommittedFile, committed_files
from pipeline.lake.reader import LakeVersions, versions_of
from pipeline.lake.snapshots import Snapshot
from pipeline.lake.staging import KEYS_SCHEMA
from pipeline.lake.storage import check_layout
from pipeline.lake.verify import Depth

__all__ = [
    "KEYS_SCHEMA",
    "ArticleChange",
    "ArticleResult",
    "CachedOutcome",
    "Changes",
    "CommitReport",
    "CommittedFile",
    "CountPairs",
    "Depth",
    "Garbage",
    "Lake",
    "LakeVersions",
    "Redaction",
    "Snapshot",
    "SnapshotErasure",
    "StoredArticle",
    "check_layout",
    "committed_files",
    "removed_log",
    "row_key_of",
    "versions_of",
]
